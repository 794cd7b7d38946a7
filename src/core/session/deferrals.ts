/**
 * Waiting for others to be done, without a claim on anything (SPEC 15.5.1): it locks nothing, meets nothing and keeps nobody
 * from announcing. It is there to be seen, and it ends by itself.
 *
 * | ends as    | when                                                                                     |
 * |------------|------------------------------------------------------------------------------------------|
 * | `resolved` | every intent that it observes has ended; an intent of somebody that it observes has ended; its principal announces, withdraws it or leaves |
 * | `expired`  | its time is over, or its principal is not heard any more                                 |
 *
 * An announcement that waits is kept as a deferral, too; it begins by the rules of `places.ts` instead of being resolved.
 */
import type { DeferralId, IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { readScope } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Deferral } from "./state/deferrals.ts";
import { isLive } from "./state/intents.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

type Ended = SessionEventOf<"DeferralEnded">;

const NONE: readonly Ended[] = [];

/** Deferrals of one principal at a time, waiting announcements among them: each is looked at when what it waits for ends. */
const MAX_DEFERRALS = 16;

const DEFAULT_TTL_SEC = 60;

/** What the original's clients tell apart; every other word means the first. */
const CATEGORIES = ["queue", "duplicate_yield"];

export function decideDefer(
  state: Readonly<SessionState>,
  message: Message<"INTENT_DEFERRED">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { deferral_id: id, scope, reason, category, observed_intent_ids, observed_principals, ttl_sec } = message.payload;
  const standing = state.deferrals.get(id);
  if (standing !== undefined && standing.principal !== sender.id) {
    return refuse("id/taken", `deferral id ${id} is in use; choose another`);
  }
  if (standing?.waiting !== undefined) {
    const { intentId } = standing.waiting;
    return refuse("id/taken", `deferral ${id} keeps the place of intent ${intentId}; announce that again to keep it, or choose another id`);
  }
  const excess = standing === undefined ? tooManyDeferrals(sender, 0) : undefined;
  if (excess !== undefined) return excess;
  const read = readScope(scope ?? { kind: "file_set", resources: [] }, state.settings);
  if ("rejected" in read) return read;

  const deferred: SessionEventOf<"IntentDeferred"> = {
    type: "IntentDeferred",
    deferralId: id,
    principalId: sender.id,
    scope: read.scope,
    category: CATEGORIES.find((known) => known === category) ?? "queue",
    ...(typeof reason === "string" ? { reason } : {}),
    observedIntents: [...new Set(observed_intent_ids)],
    observedPrincipals: [...new Set(observed_principals)],
    expiresAtMs: at.atMs + Math.round((ttl_sec ?? DEFAULT_TTL_SEC) * 1000),
  };
  // What it waits for may have ended while it was on its way.
  const late = isOver(state, deferred) ? [ended({ id, principal: sender.id }, "resolved", "observed_intents_terminated")] : [];
  return { events: [deferred, ...late] };
}

/** @param fewer - how many of them the same message ends */
export function tooManyDeferrals(sender: Participant, fewer: number): { readonly rejected: Rejection } | undefined {
  const stands = sender.deferrals.size - fewer;
  if (stands < MAX_DEFERRALS) return undefined;
  return refuse(
    "scope/refused",
    `${sender.id} defers or waits ${stands} times already, at most ${MAX_DEFERRALS} are kept; withdraw one, or try again when one has ended`,
  );
}

export function ended(
  { id, principal }: Pick<Deferral, "id" | "principal">,
  status: Ended["status"],
  reason: string,
  dueAtMs?: number,
): Ended {
  return { type: "DeferralEnded", deferralId: id, principalId: principal, status, reason, ...(dueAtMs === undefined ? {} : { dueAtMs }) };
}

type Observing = Pick<Deferral, "observedIntents" | "observedPrincipals">;

/** Whether nothing is left of what it observes; somebody who is observed may stand among the intents (SPEC 15.5.1, 3). */
function isOver(
  state: Readonly<SessionState>,
  { observedIntents, observedPrincipals }: Observing,
  ending?: ReadonlySet<IntentId>,
): boolean {
  const goesOn = (id: string): boolean => {
    const intent = state.intents.get(id as IntentId);
    return intent !== undefined && isLive(intent) && ending?.has(intent.id) !== true;
  };
  const holds = (id: string): boolean => [...(state.participants.get(id as PrincipalId)?.intents ?? [])].some(goesOn);
  if (observedIntents.length > 0) return !observedIntents.some((id) => goesOn(id) || holds(id));
  return observedPrincipals.length > 0 && !observedPrincipals.some(holds);
}

/** The deferrals that end because these intents do. Only those are looked at that observe one of them, or its owner. */
export function resolvedBy(state: Readonly<SessionState>, ending: ReadonlySet<IntentId>): readonly Ended[] {
  if (state.observers.size === 0) return NONE;
  const resolved = new Map<DeferralId, Ended>();
  const resolve = (deferral: Deferral): void => void resolved.set(deferral.id, ended(deferral, "resolved", "observed_intents_terminated"));
  for (const id of ending) {
    const owner = state.intents.get(id)?.principal;
    for (const deferral of observing(state, owner)) resolve(deferral);
    for (const deferral of observing(state, id)) if (isOver(state, deferral, ending)) resolve(deferral);
  }
  return [...resolved.values()];
}

function observing(state: Readonly<SessionState>, observed: string | undefined): Deferral[] {
  const ids = observed === undefined ? undefined : state.observers.get(observed);
  return ids === undefined ? [] : [...ids].flatMap((id) => state.deferrals.get(id) ?? []);
}

function deferralsOf(state: Readonly<SessionState>, principal: PrincipalId): Deferral[] {
  return [...(state.participants.get(principal)?.deferrals ?? [])].flatMap((id) => state.deferrals.get(id) ?? []);
}

/** Who announces waits for nobody any more, but with what it still waits to announce. */
export function endedByAnnouncing(state: Readonly<SessionState>, principal: PrincipalId, intent: IntentId): readonly Ended[] {
  if (!state.participants.get(principal)?.deferrals.size) return NONE;
  return deferralsOf(state, principal)
    .filter(({ waiting }) => waiting === undefined || waiting.intentId === intent)
    .map((deferral) => ended(deferral, "resolved", "principal_announced"));
}

export function allEnded(state: Readonly<SessionState>, principal: PrincipalId, status: Ended["status"], reason: string): Ended[] {
  return deferralsOf(state, principal).map((deferral) => ended(deferral, status, reason));
}

/** Both, and no deferral twice. */
export function together(events: readonly SessionEvent[], more: readonly Ended[]): readonly SessionEvent[] {
  if (more.length === 0) return events;
  const already = new Set(events.flatMap((event) => (event.type === "DeferralEnded" ? [event.deferralId] : [])));
  return [...events, ...more.filter(({ deferralId }) => !already.has(deferralId))];
}
