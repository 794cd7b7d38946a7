/**
 * When a conflict ends by itself: nothing it is about is live any more (SPEC 17.9).
 *
 * A related operation that stands as committed keeps it open: what was written is still there to be argued about. So does
 * one that waits for its commit, until that is settled.
 */
import type { ConflictId, IntentId, OpId } from "../../wire/ids.ts";
import type { SessionEvent } from "../../wire/session.ts";
import type { SessionState } from "./state.ts";
import { isLive } from "./state/intents.ts";
import { isStanding } from "./state/operations.ts";

const ALL_TERMINATED = "all_related_entities_terminated";

/** The dismissals that follow when the intents of `ending` end and the operations of `undone` no longer stand. */
export function dismissalsAfter(
  state: Readonly<SessionState>,
  ending: ReadonlySet<IntentId>,
  undone: ReadonlySet<OpId> = new Set(),
): SessionEvent[] {
  const touched = new Set<ConflictId>();
  for (const id of ending) for (const conflict of state.intents.get(id)?.conflicts ?? []) touched.add(conflict);
  for (const id of undone) for (const conflict of state.operations.get(id)?.conflicts ?? []) touched.add(conflict);

  const dismissals: SessionEvent[] = [];
  for (const id of touched) {
    const conflict = state.conflicts.get(id);
    if (conflict === undefined) continue;
    const liveIntent = conflict.intents.some((intentId) => {
      const intent = state.intents.get(intentId);
      return intent !== undefined && isLive(intent) && !ending.has(intentId);
    });
    const standingOperation = conflict.operations.some((opId) => {
      const operation = state.operations.get(opId);
      return operation !== undefined && isStanding(operation) && !undone.has(opId);
    });
    if (!liveIntent && !standingOperation) dismissals.push({ type: "ConflictDismissed", conflictId: id, rationale: ALL_TERMINATED });
  }
  return dismissals;
}
