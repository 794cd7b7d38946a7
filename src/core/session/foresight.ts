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

export function foreseen(state: Readonly<SessionState>, events: readonly SessionEvent[]): Readonly<SessionState> {
  const intents = new Map<IntentId, ForeseenIntent>(state.intents);
  const conflicts = new Map<ConflictId, ForeseenConflict>(state.conflicts);
  const frozen = new Set(state.frozen);

  function change(id: IntentId, how: Partial<ForeseenIntent>): void {
    const intent = intents.get(id);
    if (intent !== undefined) intents.set(id, { ...intent, ...how });
  }

  function settle(id: ConflictId): void {
    const conflict = conflicts.get(id);
    frozen.delete(id);
    if (conflict !== undefined) conflicts.set(id, { ...conflict, state: "CLOSED", frozen: undefined });
  }

  for (const event of events) {
    switch (event.type) {
      case "IntentAnnounced":
        intents.set(event.intentId, newborn(event));
        break;
      case "IntentUpdated":
        if (event.scope !== undefined) change(event.intentId, { scope: event.scope });
        break;
      case "IntentEnded":
        change(event.intentId, { state: event.state });
        break;
      case "IntentSuspended":
        change(event.intentId, { state: "SUSPENDED" });
        break;
      case "IntentRestored":
        change(event.intentId, { state: "ACTIVE" });
        break;
      case "ConflictOpened":
        conflicts.set(event.conflictId, opened(event));
        for (const id of event.intents) {
          change(id, { conflicts: new Set([...(intents.get(id)?.conflicts ?? []), event.conflictId]) });
        }
        break;
      case "ConflictResolved":
      case "ConflictDismissed":
        settle(event.conflictId);
        break;
      case "ScopeFrozen": {
        const conflict = conflicts.get(event.conflictId);
        frozen.add(event.conflictId);
        const { phase, favoured, dueAtMs: sinceMs } = event;
        if (conflict !== undefined) conflicts.set(conflict.id, { ...conflict, frozen: { sinceMs, phase, favoured } });
        break;
      }
      default:
        break;
    }
  }
  // Of what is born in these events there is only what is asked of it here.
  return { ...state, intents, conflicts, frozen } as Readonly<SessionState>;
}

function newborn({ intentId: id, principalId: principal, scope }: SessionEventOf<"IntentAnnounced">): ForeseenIntent {
  return { id, principal, scope, state: "ACTIVE", conflicts: new Set() };
}

function opened({ conflictId: id, intents, operations, principals }: SessionEventOf<"ConflictOpened">): ForeseenConflict {
  return { id, intents, operations, principals, state: "OPEN", escalatedTo: undefined, frozen: undefined };
}
