/**
 * Who is in the way of an operation that asks to be carried out (SPEC 7.8).
 *
 * Nobody but somebody else's claim on the same thing: an open conflict of its intent with another's that covers the target
 * or an open conflict about the operation itself, until it is resolved; and a frozen scope, until it is freed. An intent
 * that a frozen conflict favours goes before.
 */
import type { BatchId, ConflictId, OpId } from "../../wire/ids.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { frozenFor } from "./frozen.ts";
import { targetWithin } from "./scope-relations.ts";
import type { SessionState } from "./state.ts";
import { type Conflict, isOpen } from "./state/conflicts.ts";
import { isLive } from "./state/intents.ts";
import type { Operation } from "./state/operations.ts";

export type Waiting = Pick<Operation, "id" | "principal" | "intent" | "target">;

/** The conflicts that keep it from being carried out. */
export function blockersOf(state: Readonly<SessionState>, operation: Waiting): ConflictId[] {
  const ofOperation = state.operations.get(operation.id)?.conflicts ?? [];
  const ofIntent = operation.intent === undefined ? [] : (state.intents.get(operation.intent)?.conflicts ?? []);
  const inTheWay = [...new Set([...ofOperation, ...ofIntent])].filter((id) => {
    const conflict = state.conflicts.get(id);
    return conflict !== undefined && isOpen(conflict) && isInTheWay(state, conflict, operation);
  });
  const frozen = frozenFor(state, operation.target, operation.intent);
  const freezing = (frozen?.rejected.details?.["conflicts"] ?? []) as readonly ConflictId[];
  return [...new Set([...inTheWay, ...freezing])];
}

function isInTheWay(state: Readonly<SessionState>, conflict: Conflict, { id, principal, intent, target }: Waiting): boolean {
  if (intent !== undefined && conflict.frozen?.favoured === intent) return false;
  if (conflict.operations.includes(id)) return true;
  return conflict.intents
    .flatMap((other) => state.intents.get(other) ?? [])
    .some((other) => other.principal !== principal && isLive(other) && targetWithin(state, target, other.scope));
}

/** The coordinator's word that they may be carried out. */
export function authorized(
  state: Readonly<SessionState>,
  opIds: readonly OpId[],
  batchId?: BatchId,
): SessionEventOf<"OperationAuthorized"> {
  const by = `service:coordinator-${state.id ?? ""}`;
  return { type: "OperationAuthorized", opIds: [...opIds], ...(batchId === undefined ? {} : { batchId }), by };
}
