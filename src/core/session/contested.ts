/**
 * Whose work stands against whose in a conflict, and which operations that is.
 *
 * Who reported it is no side of it by that, and neither is whoever has ended what it names. Nothing that it names begins to
 * stand again, so it is only by an acknowledgement that a dispute comes back.
 */
import type { OpId, PrincipalId } from "../../wire/ids.ts";
import { targetWithin } from "./scope-relations.ts";
import type { SessionState } from "./state.ts";
import type { Conflict } from "./state/conflicts.ts";
import { isLive } from "./state/intents.ts";
import { isStanding, type Operation } from "./state/operations.ts";

/**
 * Whether two sides are left that have not all accepted it. To a conflict that is none any more time does nothing: a lone
 * survivor is in nobody's way, and sides that agreed to merge are in no need of a judge.
 */
export function isDisputed(
  state: Readonly<SessionState>,
  { intents, operations, acknowledgements }: Pick<Conflict, "intents" | "operations" | "acknowledgements">,
): boolean {
  const live = intents.flatMap((id) => state.intents.get(id) ?? []).filter(isLive);
  const standing = operations.flatMap((id) => state.operations.get(id) ?? []).filter(isStanding);
  const sides = new Set<PrincipalId>([...live, ...standing].map(({ principal }) => principal));
  return sides.size > 1 && ![...sides].every((side) => acknowledgements.get(side) === "accepted");
}

/**
 * The operations that stand of those that it names, and of those that went into the other's scope since it was opened: what
 * was there before is what both began with. In the order in which the coordinator received them.
 */
export function contested(state: Readonly<SessionState>, conflict: Conflict): Operation[] {
  const intents = conflict.intents.flatMap((id) => state.intents.get(id) ?? []);
  const meddling = intents.flatMap(({ operations, proposals }) => [...operations, ...proposals]).filter((id) => isInAnothers(id));
  const all = new Set([...conflict.operations, ...meddling]);
  return [...all]
    .flatMap((id) => state.operations.get(id) ?? [])
    .filter(isStanding)
    .sort((a, b) => a.receivedAt - b.receivedAt);

  function isInAnothers(id: OpId): boolean {
    const operation = state.operations.get(id);
    if (operation === undefined || operation.receivedAt < conflict.openedAt) return false;
    return intents.some(({ principal, scope }) => principal !== operation.principal && targetWithin(state, operation.target, scope));
  }
}
