/**
 * An announcement that is not refused but waits until nobody is in its way (`on_overlap: "wait"`), and then begins by itself.
 *
 * Its place is kept for a while and for as long again each time it is asked for; announcing the same intent again is asking.
 * Withdrawing the intent gives the place up.
 */
import type { Rejection } from "../../wire/refusals.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { IntentId } from "../../wire/ids.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { SettledResult } from "../../wire/session/settled-result.ts";
import { refuse } from "../verdict.ts";
import { backoffOver } from "./backoff.ts";
import { begin, type Beginner } from "./beginnings.ts";
import { ended, tooManyDeferrals } from "./deferrals.ts";
import { whoWaitsFor } from "./mutual-waits.ts";
import { type Meeting, scopeMeetings } from "./overlaps.ts";
import { aheadOf, lockingOver, waitingOver } from "./places.ts";
import { tooManyGlobs } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Deferral } from "./state/deferrals.ts";
import type { Participant } from "./state/participants.ts";
import { withoutParted } from "./symbols.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

/** How long a place is kept after it was last asked for, in seconds. */
const DEFAULT_WAIT_SEC = 120;

/** Holders and their paths in an answer, and names in what others are told. */
const NAMED_HOLDERS = 5;
const NAMED_PATHS = 10;
const NAMED_CHARACTERS = 300;
const OBSERVED = 20;

/** The announcement of this intent, when it waits. */
export function waitingUnder(state: Readonly<SessionState>, intent: IntentId): Deferral | undefined {
  const id = state.waiting.get(intent);
  return id === undefined ? undefined : state.deferrals.get(id);
}

/** Whether an intent id is somebody else's before there is the intent: who waits with it, or claims work that is to go on under it. */
export function isSpokenFor(state: Readonly<SessionState>, id: IntentId, sender: Participant): boolean {
  const claim = state.keptIds.get(id);
  const by = waitingUnder(state, id) ?? (claim === undefined ? undefined : state.claims.get(claim));
  return by !== undefined && by.principal !== sender.id;
}

/**
 * What becomes of an announcement that is willing to wait; nothing when it need not.
 *
 * @param replaces - the intent that it is to end at once, which one that waits cannot
 */
export function decideWait(
  state: Readonly<SessionState>,
  beginner: Beginner,
  { waitSec = DEFAULT_WAIT_SEC, replaces }: { readonly waitSec?: number | undefined; readonly replaces: IntentId | undefined },
  sender: Participant,
  at: SessionMoment,
): Verdict | undefined {
  const { id: intentId, scope, objective, ttlSec, renews, contentHash } = beginner;
  const standing = waitingUnder(state, intentId);
  if (standing !== undefined && !isSameScope(standing, beginner)) {
    return refuse("id/taken", `intent ${intentId} waits for another scope; withdraw it first, or choose another id`);
  }
  const priority = beginner.priority ?? "normal";
  const place = { priority, sinceMs: standing?.deferredAtMs ?? at.atMs, since: standing?.deferredAt ?? Infinity };
  const holders = lockingOver(state, beginner);
  const ahead = aheadOf(state, beginner, place);
  if (holders.length + ahead.length === 0) return undefined;
  if (replaces !== undefined) {
    return refuse("message/malformed", `an announcement that waits replaces nothing; withdraw ${replaces} yourself when it has begun`);
  }

  const given = waitingOver(state, beginner).filter((other) => other.principal === sender.id && other.id !== standing?.id);
  const excess = tooMuch(state, beginner, sender, given.length + (standing === undefined ? 0 : 1));
  if (excess !== undefined) return excess;

  const deferred: SessionEventOf<"IntentDeferred"> = {
    type: "IntentDeferred",
    deferralId: standing?.id ?? (at.newId("deferral") as Deferral["id"]),
    principalId: sender.id,
    scope,
    category: "queue",
    reason: "waiting",
    observedIntents: holders.slice(0, OBSERVED).map(({ intent }) => intent.id),
    observedPrincipals: [...new Set([...holders.map(({ intent }) => intent.principal), ...ahead.map((one) => one.principal)])].slice(
      0,
      OBSERVED,
    ),
    expiresAtMs: at.atMs + Math.round(waitSec * 1000),
    waiting: { intentId, objective, ttlSec, priority, ...(renews === true ? { renews } : {}), contentHash },
  };
  const events: SessionEvent[] = [...given.map((other) => ended(other, "resolved", "superseded")), deferred];
  return { events, result: { waiting: answer(state, deferred, holders, ahead.length) } };
}

export function isSameScope(one: Pick<Deferral, "scope">, other: Pick<Deferral, "scope">): boolean {
  return JSON.stringify(one.scope) === JSON.stringify(other.scope);
}

/** A place is not given to what could not begin. */
function tooMuch(
  state: Readonly<SessionState>,
  { principal, scope, resources }: Beginner,
  sender: Participant,
  fewer: number,
): { readonly rejected: Rejection } | undefined {
  const own = scopeMeetings(state, scope, principal).filter(({ intent }) => intent.principal === principal);
  return tooManyDeferrals(sender, fewer) ?? tooManyGlobs(state, principal, resources, new Set(own.map(({ intent }) => intent.id)));
}

function answer(
  state: Readonly<SessionState>,
  { deferralId, principalId, waiting, expiresAtMs }: SessionEventOf<"IntentDeferred">,
  holders: readonly Meeting[],
  ahead: number,
): NonNullable<SettledResult["waiting"]> {
  const first = holders.slice(0, NAMED_HOLDERS);
  const waits = whoWaitsFor(
    state,
    principalId,
    first.map(({ intent }) => intent.principal),
  );
  const named = first.map((meeting) => ({
    ...holderDetails(state, meeting),
    ...(waits.has(meeting.intent.principal) ? { waits_for_you: true } : {}),
  }));
  return {
    deferral_id: deferralId,
    intent_id: waiting?.intentId ?? "",
    expires_at_ms: expiresAtMs,
    ahead,
    holders: named,
    holder_count: holders.length,
  };
}

/** The members that a refusal names its holders with, and less of them: this stands in the log. */
function holderDetails(state: Readonly<SessionState>, { intent, paths }: Meeting): JsonObject {
  const worktree = state.participants.get(intent.principal)?.worktree;
  const met = paths.slice(0, NAMED_PATHS).filter((path) => path.length <= NAMED_CHARACTERS);
  return {
    intent_id: intent.id,
    principal_id: intent.principal,
    objective: intent.objective.slice(0, NAMED_CHARACTERS).replace(/[\uD800-\uDBFF]$/, ""),
    state: intent.state,
    paths: met,
    ...(met.length === paths.length ? {} : { path_count: paths.length }),
    announced_at_ms: intent.announcedAtMs,
    expires_at_ms: intent.expiresAtMs,
    ...(intent.renews ? { renews: true } : {}),
    ...(worktree === undefined ? {} : { worktree: worktree.path }),
    ...(worktree?.branch === undefined ? {} : { branch: worktree.branch }),
  };
}

/** Nobody is in its way any more: it begins, before anybody else is heard. */
export function decideTurn(state: Readonly<SessionState>, deferral: Deferral, at: SessionMoment): readonly SessionEvent[] {
  const { id, principal, scope, resources, waiting } = deferral;
  if (waiting === undefined) return [];
  // It was rejected there after it had come: what it could not announce now does not begin by itself.
  const early = backoffOver(state, principal, scope, at.atMs);
  if (early !== undefined) return [ended(deferral, "expired", early.rejected.code)];
  const { intentId, objective, ttlSec, priority, renews, contentHash } = waiting;
  const facts = { id: intentId, principal, objective, scope, resources, ttlSec, priority, renews, contentHash, deferralId: id };
  const begun = begin(state, facts, withoutParted(state, facts, scopeMeetings(state, scope, principal)), [], at);
  // Its owner holds more now than when it came, or there is more to argue about than anybody reads.
  return "rejected" in begun ? [ended(deferral, "expired", begun.rejected.code)] : begun.events;
}

/** Nobody is told of an intent that never began: only its place is given up. */
export function decideGiveUp(state: Readonly<SessionState>, intent: IntentId, sender: Participant): Verdict | undefined {
  const deferral = waitingUnder(state, intent);
  if (deferral === undefined) return undefined;
  const { principal } = deferral;
  if (principal !== sender.id) {
    return refuse("intent/not-owner", `intent ${intent} is ${principal}'s, who waits with it`, { principal_id: principal });
  }
  return { events: [ended(deferral, "resolved", "withdrawn")] };
}
