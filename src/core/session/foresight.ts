/**
 * The session as some events will leave it, as far as who is in whose way goes: intents, conflicts, what is frozen.
 *
 * For a decision that follows from others of the same record. It changes nothing; the fold does (`evolve.ts`).
 */
import type { ConflictId, IntentId } from "../../wire/ids.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { Conflict, Intent, SessionState } from "./state.ts";

type ForeseenIntent = Pick<Intent, "id" | "principal" | "state" | "scope" | "conflicts">;
type ForeseenConflict = Pick<Conflict, "id" | "state" | "intents" | "operations" | "principals" | "escalatedTo" | "frozen">;

interface Foreseen {
  readonly intents: Map<IntentId, ForeseenIntent>;
  readonly conflicts: Map<ConflictId, ForeseenConflict>;
  readonly frozen: Set<ConflictId>;
}

export function foreseen(state: Readonly<SessionState>, events: readonly SessionEvent[]): Readonly<SessionState> {
  const after: Foreseen = { intents: new Map(state.intents), conflicts: new Map(state.conflicts), frozen: new Set(state.frozen) };
  for (const event of events) {
    foreseeIntent(after, event);
    foreseeConflict(after, event);
  }
  // Of what is born in these events there is only what is asked of it here.
  return { ...state, ...after } as Readonly<SessionState>;
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
  if (type === "ScopeFrozen") {
    frozen.add(event.conflictId);
    change(event.conflictId, { frozen: { sinceMs: event.dueAtMs, phase: event.phase, favoured: event.favoured } });
  }
}

function newborn({ intentId: id, principalId: principal, scope }: SessionEventOf<"IntentAnnounced">): ForeseenIntent {
  return { id, principal, scope, state: "ACTIVE", conflicts: new Set() };
}

function opened({ conflictId: id, intents, operations, principals }: SessionEventOf<"ConflictOpened">): ForeseenConflict {
  return { id, intents, operations, principals, state: "OPEN", escalatedTo: undefined, frozen: undefined };
}
