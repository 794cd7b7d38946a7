/** Which operations a conflict is about, as far as they stand: those that it names, and those that went into the other's scope. */
import type { OpId } from "../../wire/ids.ts";
import { targetWithin } from "./scope-relations.ts";
import { type Conflict, isStanding, type Operation, type SessionState } from "./state.ts";

/** In the order in which the coordinator received them. */
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
    if (operation === undefined) return false;
    return intents.some(({ principal, scope }) => principal !== operation.principal && targetWithin(state, operation.target, scope));
  }
}
