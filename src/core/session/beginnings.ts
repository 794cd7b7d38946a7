/**
 * What it brings with it that an intent begins: announced now, after its owner waited, or claimed from somebody who is gone.
 *
 * Its owner's other intents over the same files end, its owner waits for nobody any more, and whoever else is over them
 * stands in a conflict with it. Whether it may begin is decided elsewhere.
 */
import type { ClaimId, DeferralId, IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SettledResult } from "../../wire/session.ts";
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
  const { id, principal, objective, scope, resources, ttlSec, priority, renews, contentHash, claimId, deferralId } = beginner;
  const others = met.filter(({ intent }) => intent.principal !== principal);
  const own = met.filter(({ intent }) => intent.principal === principal).map(({ intent }) => intent.id);
  const named = new Set(ending.map((one) => one.id));
  const replaced = own.filter((one) => !named.has(one)).map((one): Ending => superseded(one, id));
  const gone = new Set([...own, ...named]);
  const excess = tooManyGlobs(state, principal, resources, gone) ?? tooManyConflicts(state, id, others);
  if (excess !== undefined) return excess;

  const fence = state.fence + 1;
  const aside = [...gone, ...others.map(({ intent }) => intent.id)];
  const conflicts = [...conflictsWith(state, { id, principal }, others, at), ...breakagesWith(state, beginner, aside, at)];
  const events: SessionEvent[] = [
    ...together(endings(state, [...replaced, ...ending]), endedByAnnouncing(state, principal, id)),
    {
      type: "IntentAnnounced",
      intentId: id,
      principalId: principal,
      objective,
      scope,
      fence,
      ttlSec,
      expiresAtMs: at.atMs + Math.round(ttlSec * 1000),
      ...(renews === true ? { renews } : {}),
      ...(typeof priority === "string" ? { priority } : {}),
      ...(claimId === undefined ? {} : { claimId }),
      ...(deferralId === undefined ? {} : { deferralId }),
      contentHash,
    },
    ...conflicts,
  ];
  const ended = [...replaced, ...ending].filter(({ state: as }) => as === "SUPERSEDED").map((one) => one.id);
  return { events, result: { fence, conflicts: conflicts.map(({ conflictId }) => conflictId), superseded: ended } };
}

export function superseded(id: IntentId, supersededBy: IntentId): Ending {
  return { id, state: "SUPERSEDED", reason: "superseded", supersededBy };
}
