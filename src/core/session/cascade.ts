/**
 * What follows when intents end, are suspended or come back (SPEC 15.7, 17.9): their operations that wait for a commit
 * are rejected, frozen or thawed, claims on them fall, who waited for them waits no longer, and conflicts that nothing is
 * left of close.
 *
 * Every rule that ends, suspends or restores intents goes through here, so that none of them forgets a part.
 */
import type { IntentId, OpId } from "../../wire/ids.ts";
import type { SessionEvent } from "../../wire/session.ts";
import type { IntentEnd } from "../../wire/session/intents.ts";
import { resolvedBy } from "./deferrals.ts";
import { dismissalsAfter } from "./dismissal.ts";
import type { SessionState } from "./state.ts";
import type { Intent } from "./state/intents.ts";

export interface Ending {
  readonly id: IntentId;
  readonly state: IntentEnd;
  readonly reason: string;
  readonly dueAtMs?: number;
  readonly supersededBy?: IntentId;
}

const NONE: ReadonlySet<OpId> = new Set();

/**
 * The endings themselves, and all that follows from them together.
 *
 * @param undone - operations that the same decision abandons, rejects or supersedes already
 */
export function endings(state: Readonly<SessionState>, ending: readonly Ending[], undone: ReadonlySet<OpId> = NONE): SessionEvent[] {
  if (ending.length === 0) return [];
  const ids = new Set(ending.map(({ id }) => id));
  const rejected = [...ids].flatMap((id) => [...(state.intents.get(id)?.proposals ?? [])]).filter((id) => !undone.has(id));
  return [
    ...ending.map(({ id, ...how }): SessionEvent => ({ type: "IntentEnded", intentId: id, ...how })),
    ...ending.flatMap((one) => fallen(state, one, undone)),
    ...resolvedBy(state, ids),
    ...dismissalsAfter(state, ids, new Set([...undone, ...rejected])),
  ];
}

function fallen(state: Readonly<SessionState>, { id, state: as }: Ending, undone: ReadonlySet<OpId>): SessionEvent[] {
  const intent = state.intents.get(id);
  if (intent === undefined) return [];
  const opIds = [...intent.proposals].filter((opId) => !undone.has(opId));
  const rejected: SessionEvent[] =
    opIds.length === 0 ? [] : [{ type: "OperationRejected", opIds, reason: "intent_terminated", refersTo: id }];
  const claim = intent.claim === undefined ? undefined : state.claims.get(intent.claim);
  // By being transferred it gives the claim what it asked for.
  if (claim === undefined || as === "TRANSFERRED") return rejected;
  const { id: claimId, newIntent } = claim;
  return [
    ...rejected,
    { type: "ClaimDecided", claimId, intentId: id, newIntentId: newIntent, decision: "rejected", reason: "original_intent_missing" },
  ];
}

/** @param undone - operations that the same decision abandons already */
export function suspensions(
  state: Readonly<SessionState>,
  intents: readonly Intent[],
  reason: string,
  undone: ReadonlySet<OpId> = NONE,
): SessionEvent[] {
  return intents
    .filter((intent) => intent.state === "ACTIVE")
    .flatMap((intent): SessionEvent[] => [
      { type: "IntentSuspended", intentId: intent.id, reason },
      ...waitingOf(state, intent, "PROPOSED")
        .filter((opId) => !undone.has(opId))
        .map((opId): SessionEvent => ({ type: "OperationFrozen", opId })),
    ]);
}

/** The suspended ones among them, with fencing tokens that rise; a claim that was not decided yet is withdrawn (SPEC 14.7.4). */
export function restorations(state: Readonly<SessionState>, intents: readonly Intent[]): SessionEvent[] {
  return intents
    .filter((intent) => intent.state === "SUSPENDED")
    .flatMap((intent, index): SessionEvent[] => [
      { type: "IntentRestored", intentId: intent.id, fence: state.fence + 1 + index },
      ...waitingOf(state, intent, "FROZEN").map((opId): SessionEvent => ({ type: "OperationThawed", opId })),
      ...withdrawnClaim(state, intent),
    ]);
}

function withdrawnClaim(state: Readonly<SessionState>, intent: Intent): SessionEvent[] {
  const claim = intent.claim === undefined ? undefined : state.claims.get(intent.claim);
  if (claim === undefined) return [];
  const { id: claimId, newIntent: newIntentId } = claim;
  return [{ type: "ClaimDecided", claimId, intentId: intent.id, newIntentId, decision: "withdrawn", reason: "original_owner_rejoined" }];
}

function waitingOf(state: Readonly<SessionState>, intent: Intent, as: "PROPOSED" | "FROZEN"): OpId[] {
  return [...intent.proposals].filter((id) => state.operations.get(id)?.state === as);
}
