/**
 * Which freezes are over because of what a record says, without a decision about their conflict: one side of it is left, or all
 * have accepted it (`contested.ts`). The fold lets go what was frozen; this is so that whoever was frozen hears of it.
 */
import type { ConflictId } from "../../wire/ids.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { foreseen } from "./foresight.ts";
import type { SessionState } from "./state.ts";
import { isOpen } from "./state/conflicts.ts";

const NONE: readonly ConflictId[] = [];

export function thawedBy(state: Readonly<SessionState>, events: readonly SessionEvent[]): readonly ConflictId[] {
  if (state.frozen.size === 0 || events.some(({ type }) => type === "SessionClosed")) return NONE;
  const touched = new Set(events.flatMap((event) => conflictsOf(state, event)).filter((id) => state.frozen.has(id)));
  if (touched.size === 0) return NONE;
  const after = foreseen(state, events);
  return [...touched].filter((id) => {
    const conflict = after.conflicts.get(id);
    return conflict !== undefined && isOpen(conflict) && !after.frozen.has(id);
  });
}

/** The conflicts that an end, or a word about one, may leave undisputed. */
function conflictsOf({ intents, operations }: Readonly<SessionState>, event: SessionEvent): ConflictId[] {
  const { type } = event;
  if (type === "IntentEnded") return [...(intents.get(event.intentId)?.conflicts ?? [])];
  if (type === "OperationRejected") return event.opIds.flatMap((id) => [...(operations.get(id)?.conflicts ?? [])]);
  if (type === "OperationAbandoned" || type === "OperationSuperseded") return [...(operations.get(event.opId)?.conflicts ?? [])];
  return type === "ConflictAcknowledged" ? [event.conflictId] : [];
}
