/**
 * Who may turn a proposed operation down (SPEC 16.4, 16.6.1): a reviewer, an owner or an arbiter.
 *
 * What was carried out is not turned down but argued about, and what is frozen waits for its intent. Of a batch that goes
 * as a whole everything falls with any part of it (`consequences.ts`).
 */
import type { BatchId, OpId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import { refuse } from "../verdict.ts";
import type { SessionState } from "./state.ts";
import type { Batch, Operation } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { Verdict } from "./verdict.ts";

const JUDGES: ReadonlySet<string> = new Set(["reviewer", "owner", "arbiter"]);

export function decideReject(state: Readonly<SessionState>, message: Message<"OP_REJECT">, sender: Participant): Verdict {
  const { op_id: id, reason, refers_to: refersTo } = message.payload;
  const { operations, batch } = namedBy(state, message.payload);
  const [first] = operations;
  if (first === undefined) return refuse("operation/unknown", `there is no operation or batch ${id}`);
  if (!sender.roles.some((role) => JUDGES.has(role))) {
    return refuse("principal/no-authority", `${sender.id} turns no operation down; a reviewer, an owner or an arbiter does`);
  }

  const proposed = operations.filter(({ state: as }) => as === "PROPOSED");
  if (proposed.length === 0) return settledRefusal(first);
  return {
    events: [
      {
        type: "OperationRejected",
        opIds: proposed.map((operation) => operation.id),
        ...(batch === undefined ? {} : { batchId: batch.id }),
        by: sender.id,
        reason: reason ?? "rejected",
        ...(refersTo === undefined || refersTo === null ? {} : { refersTo }),
      },
    ],
  };
}

/** One operation, or those of a batch, as far as `rejected_ops` does not name a part of them. */
function namedBy(
  state: Readonly<SessionState>,
  { op_id: id, rejected_ops: part }: Message<"OP_REJECT">["payload"],
): { readonly operations: readonly Operation[]; readonly batch: Batch | undefined } {
  const operation = state.operations.get(id as OpId);
  if (operation !== undefined) return { operations: [operation], batch: undefined };
  const batch = state.batches.get(id as BatchId);
  const all = (batch?.operations ?? []).flatMap((one) => state.operations.get(one) ?? []);
  return { operations: part === undefined || part === null ? all : all.filter((one) => part.includes(one.id)), batch };
}

function settledRefusal({ id, state: as, intent }: Operation): Verdict {
  if (as === "FROZEN")
    return refuse("operation/not-proposed", `operation ${id} is FROZEN; it waits for its intent ${intent}, or falls with it`);
  const instead = as === "COMMITTED" ? "send CONFLICT_REPORT about what it did" : "nothing is left to turn down";
  return refuse("operation/not-proposed", `operation ${id} is ${as}, not PROPOSED; ${instead}`, { state: as });
}
