/**
 * The session as some events will leave it, as far as who is in whose way goes: intents, conflicts, what is frozen.
 *
 * For a decision that follows from others of the same record. It changes nothing; the fold does (`evolve.ts`).
 */
import type { ConflictId, IntentId, OpId } from "../../wire/ids.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { isDisputed } from "./contested.ts";
import type { SessionState } from "./state.ts";
import type { Conflict } from "./state/conflicts.ts";
import type { Intent } from "./state/intents.ts";
import type { Operation } from "./state/operations.ts";

type ForeseenIntent = Pick<Intent, "id" | "principal" | "state" | "scope" | "conflicts">;
type ForeseenConflict = Pick<
  Conflict,
  "id" | "state" | "intents" | "operations" | "principals" | "escalatedTo" | "frozen" | "acknowledgements"
>;

interface Foreseen {
  readonly intents: Map<IntentId, ForeseenIntent>;
  readonly conflicts: Map<ConflictId, ForeseenConflict>;
  readonly frozen: Set<ConflictId>;
  readonly operations: Map<OpId, Operation>;
}

export function foreseen(state: Readonly<SessionState>, events: readonly SessionEvent[]): Readonly<SessionState> {
  const { intents, conflicts, frozen, operations } = state;
  const after: Foreseen = {
    intents: new Map(intents),
    conflicts: new Map(conflicts),
    frozen: new Set(frozen),
    operations: new Map(operations),
  };
  for (const event of events) {
    foreseeIntent(after, event);
    foreseeConflict(after, event);
    foreseeOperations(after, event);
  }
  // Of what is born in these events there is only what is asked of it here.
  const left = { ...state, ...after } as Readonly<SessionState>;
  for (const id of after.frozen) {
    const conflict = left.conflicts.get(id);
    if (conflict !== undefined && !isDisputed(left, conflict)) after.frozen.delete(id);
  }
  return left;
}

function foreseeIntent({ intents }: Foreseen, event: SessionEvent): void {
  const change = (id: IntentId, how: (intent: ForeseenIntent) => Partial<ForeseenIntent>): void => {
    const intent = intents.get(id);
    if (intent !== undefined) intents.set(id, { ...intent, ...how(intent) });
  };
  const { type } = event;
  if (type === "IntentAnnounced") intents.set(event.intentId, newborn(event));
  if (type === "IntentUpdated") change(event.intentId, ({ scope }) => ({ scope: event.scope ?? scope }));
  if (type === "IntentEnded") change(event.intentId, () => ({ state: event.state }));
  if (type === "IntentSuspended") change(event.intentId, () => ({ state: "SUSPENDED" }));
  if (type === "IntentRestored") change(event.intentId, () => ({ state: "ACTIVE" }));
  if (type !== "ConflictOpened") return;
  for (const id of event.intents) change(id, ({ conflicts }) => ({ conflicts: new Set([...conflicts, event.conflictId]) }));
}

function foreseeConflict({ conflicts, frozen }: Foreseen, event: SessionEvent): void {
  const change = (id: ConflictId, how: Partial<ForeseenConflict>): void => {
    const conflict = conflicts.get(id);
    if (conflict !== undefined) conflicts.set(id, { ...conflict, ...how });
  };
  const { type } = event;
  if (type === "ConflictOpened") conflicts.set(event.conflictId, opened(event));
  if (type === "ConflictResolved" || type === "ConflictDismissed") {
    frozen.delete(event.conflictId);
    change(event.conflictId, { state: "CLOSED", frozen: undefined });
  }
  if (type === "ConflictAcknowledged") {
    const acknowledgements = new Map(conflicts.get(event.conflictId)?.acknowledgements);
    change(event.conflictId, { acknowledgements: acknowledgements.set(event.principalId, event.ackType) });
  }
  if (type === "ScopeFrozen") {
    frozen.add(event.conflictId);
    change(event.conflictId, { frozen: { sinceMs: event.dueAtMs, phase: event.phase, favoured: event.favoured } });
  }
}

function foreseeOperations({ operations }: Foreseen, event: SessionEvent): void {
  const end = (ids: readonly OpId[], state: Operation["state"]): void => {
    for (const id of ids) {
      const operation = operations.get(id);
      if (operation !== undefined) operations.set(id, { ...operation, state });
    }
  };
  if (event.type === "OperationRejected") end(event.opIds, "REJECTED");
  if (event.type === "OperationAbandoned") end([event.opId], "ABANDONED");
  if (event.type === "OperationSuperseded") end([event.opId], "SUPERSEDED");
}

function newborn({ intentId: id, principalId: principal, scope }: SessionEventOf<"IntentAnnounced">): ForeseenIntent {
  return { id, principal, scope, state: "ACTIVE", conflicts: new Set() };
}

function opened({ conflictId: id, intents, operations, principals }: SessionEventOf<"ConflictOpened">): ForeseenConflict {
  return { id, intents, operations, principals, state: "OPEN", escalatedTo: undefined, frozen: undefined, acknowledgements: new Map() };
}
