/** What becomes of conflicts, and of the intents and operations that they keep from being forgotten. */
import type { ConflictId, PrincipalId } from "../../../wire/ids.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import type { Conflict, SessionState } from "../state.ts";
import { scheduleConflict, scheduleIntent, scheduleOperation } from "./forgetting.ts";

export function openConflict(state: SessionState, event: SessionEventOf<"ConflictOpened">, at: Place): void {
  const { conflictId: id, category, severity, description, intents, operations, principals, reporter, contentHash } = event;
  const facts = { id, category, severity, description, intents, operations, principals, reporter, contentHash };
  const conflict: Conflict = { ...facts, state: "OPEN", openedAt: at.revision, acknowledgements: new Map<PrincipalId, string>() };
  state.conflicts.set(id, conflict);
  state.liveConflicts.add(id);
  eachConcerned(state, conflict, at, (conflicts) => conflicts.add(id));
}

export function acknowledge(state: SessionState, event: SessionEventOf<"ConflictAcknowledged">): void {
  const conflict = state.conflicts.get(event.conflictId);
  if (conflict === undefined) return;
  conflict.acknowledgements.set(event.principalId, event.ackType);
  conflict.state = event.state;
}

export function dismissConflict(state: SessionState, id: ConflictId, at: Place): void {
  const conflict = state.conflicts.get(id);
  if (conflict === undefined) return;
  conflict.state = "DISMISSED";
  state.liveConflicts.delete(id);
  scheduleConflict(state, conflict, at.atMs);
  eachConcerned(state, conflict, at, (conflicts) => conflicts.delete(id));
}

/** Changes what an intent or an operation is part of, and with it how long it is kept. */
function eachConcerned(state: SessionState, conflict: Conflict, at: Place, change: (conflicts: Set<ConflictId>) => void): void {
  for (const intentId of conflict.intents) {
    const intent = state.intents.get(intentId);
    if (intent === undefined) continue;
    change(intent.conflicts);
    scheduleIntent(state, intent, at.atMs);
  }
  for (const opId of conflict.operations) {
    const operation = state.operations.get(opId);
    if (operation === undefined) continue;
    change(operation.conflicts);
    scheduleOperation(state, operation, at.atMs);
  }
}
