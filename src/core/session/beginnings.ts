/**
 * What it brings with it that an intent begins: announced now, after its owner waited, or claimed from somebody who is gone.
 *
 * Its owner's other intents over the same files end, its owner waits for nobody any more, and whoever else is over them
 * stands in a conflict with it. Whether it may begin is decided elsewhere.
 */
import type { ClaimId, DeferralId, IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { SettledResult } from "../../wire/session/settled-result.ts";
import type { Resource } from "../scope/resource.ts";
import { type Ending, endings } from "./cascade.ts";
import { endedByAnnouncing, together } from "./deferrals.ts";
import { breakagesWith } from "./dependency.ts";
import { conflictsWith, type Meeting, tooManyConflicts } from "./overlaps.ts";
import { tooManyGlobs } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { SessionMoment } from "./verdict.ts";

export interface Beginner {
  readonly id: IntentId;
  readonly principal: PrincipalId;
  readonly objective: string;
  readonly scope: Scope;
  readonly resources: readonly Resource[];
  readonly ttlSec: number;
  readonly priority?: string | undefined;
  readonly renews?: boolean | undefined;
  readonly contentHash: string;
  readonly claimId?: ClaimId;
  readonly deferralId?: DeferralId;
}

export interface Begun {
  readonly events: readonly SessionEvent[];
  readonly result: Required<Pick<SettledResult, "fence" | "conflicts" | "superseded">>;
}

/**
 * @param met - every live intent that its scope meets; its owner's own are replaced
 * @param ending - what ends because of it beside those
 */
export function begin(
  state: Readonly<SessionState>,
  beginner: Beginner,
  met: readonly Meeting[],
  ending: readonly Ending[],
  at: SessionMoment,
): Begun | { readonly rejected: Rejection } {
  const { id, principal, resources } = beginner;
  const others = met.filter(({ intent }) => intent.principal !== principal);
  const ends = met.length === others.length ? ending : withReplaced(met, ending, beginner);
  const gone = new Set(ends.map((one) => one.id));
  const excess = tooManyGlobs(state, principal, resources, gone) ?? tooManyConflicts(state, id, others);
  if (excess !== undefined) return excess;

  const aside = [...gone, ...others.map(({ intent }) => intent.id)];
  const conflicts = [...conflictsWith(state, { id, principal }, others, at), ...breakagesWith(state, beginner, aside, at)];
  const announced = announcedEvent(beginner, state.fence + 1, at);
  const events = [...together(endings(state, ends), endedByAnnouncing(state, principal, id)), announced, ...conflicts];
  const ended = ends.filter(({ state: as }) => as === "SUPERSEDED").map((one) => one.id);
  return { events, result: { fence: announced.fence, conflicts: conflicts.map(({ conflictId }) => conflictId), superseded: ended } };
}

/** What its owner holds of its own there, and is not to end anyway, ends first. */
function withReplaced(met: readonly Meeting[], ending: readonly Ending[], { id, principal }: Beginner): readonly Ending[] {
  const named = new Set(ending.map((one) => one.id));
  const own = met.filter(({ intent }) => intent.principal === principal && !named.has(intent.id));
  return [...own.map(({ intent }) => superseded(intent.id, id)), ...ending];
}

type Announced = SessionEventOf<"IntentAnnounced">;

/** Made member by member: this is what is recorded most often. */
function announcedEvent(beginner: Beginner, fence: number, at: SessionMoment): Announced {
  const { id: intentId, principal: principalId, objective, scope, ttlSec, priority, renews, contentHash, claimId, deferralId } = beginner;
  const expiresAtMs = at.atMs + Math.round(ttlSec * 1000);
  const event: { -readonly [Member in keyof Announced]: Announced[Member] } = {
    type: "IntentAnnounced",
    intentId,
    principalId,
    objective,
    scope,
    fence,
    ttlSec,
    expiresAtMs,
    contentHash,
  };
  if (renews === true) event.renews = renews;
  if (typeof priority === "string") event.priority = priority;
  if (claimId !== undefined) event.claimId = claimId;
  if (deferralId !== undefined) event.deferralId = deferralId;
  return event;
}

export function superseded(id: IntentId, supersededBy: IntentId): Ending {
  return { id, state: "SUPERSEDED", reason: "superseded", supersededBy };
}
