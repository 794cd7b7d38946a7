/**
 * What a further OP_BATCH_COMMIT under a known id says: that the batch has been carried out, or the same once more
 * (SPEC 16.8).
 *
 * A message counts as a whole. Of a batch that goes as a whole it names everything that waits; of another one it may name a
 * part.
 */
import type { OpId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { type Entry, saidBy } from "./batch-entries.ts";
import type { Refusal } from "./grounds.ts";
import { unproposedRefusal } from "./known-operation.ts";
import { completed, fenceBars } from "./operations.ts";
import type { SessionState } from "./state.ts";
import { type Batch, isPending, type Operation } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";
import type { Standing } from "./virtual-tree.ts";

type Payload = Message<"OP_BATCH_COMMIT">["payload"];

export function decideKnownBatch(
  state: Readonly<SessionState>,
  batch: Batch,
  payload: Payload,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  if (batch.principal !== sender.id) return takenRefusal(batch);
  const isSettled = !operationsOf(state, batch.operations).some(isPending);
  return isSettled ? decideSettled(state, batch, payload, at) : decideCompletion(state, batch, payload, sender, at);
}

function takenRefusal({ id }: Batch): Refusal {
  return refuse("id/taken", `batch id ${id} is in use; choose another`);
}

function operationsOf(state: Readonly<SessionState>, ids: readonly OpId[]): Operation[] {
  return ids.flatMap((id) => state.operations.get(id) ?? []);
}

const isUndone = ({ state }: Operation): boolean => state === "REJECTED" || state === "ABANDONED";

function decideSettled(state: Readonly<SessionState>, batch: Batch, { operations }: Payload, at: SessionMoment): Verdict {
  const contentHash = at.facts.contentHash ?? "";
  const ids = operations.map(({ op_id: id }) => id);
  const named = operationsOf(state, ids).filter((operation) => operation.batch === batch.id);
  const undone = named.find(isUndone);
  if (undone !== undefined) return unproposedRefusal(undone);
  const completed = named.length > 0 && named.every(({ completionHash }) => completionHash === contentHash);
  if (contentHash !== batch.contentHash && !completed) return takenRefusal(batch);
  return { standing: { revision: Math.max(batch.openedAt, ...named.map(({ committedAt }) => committedAt)) } };
}

function decideCompletion(state: Readonly<SessionState>, batch: Batch, payload: Payload, sender: Participant, at: SessionMoment): Verdict {
  const missing = missingIn(state, batch, payload.operations);
  if (missing.length > 0) {
    return refuse("message/malformed", `batch ${batch.id} goes as a whole; ${missing.join(", ")} must stand in it, too`, { missing });
  }
  const barred = fenceBars(state, batch.intent, payload, sender);
  if (barred !== undefined) return barred;
  const earlier = new Map<string, Standing>();
  const events = new Map<OpId, SessionEvent>();
  for (const entry of payload.operations) {
    const operation = state.operations.get(entry.op_id);
    if (operation?.batch !== batch.id) {
      return refuse("operation/unknown", `there is no operation ${entry.op_id} in batch ${batch.id}`, { op_id: entry.op_id });
    }
    if (events.has(operation.id)) return refuse("message/malformed", `operation ${operation.id} stands twice in batch ${batch.id}`);
    // Of a batch that is completed in parts a later message may name what an earlier one has completed.
    if (operation.state === "COMMITTED") continue;
    const said = saidBy(entry, entry.intent_id ?? payload.intent_id ?? undefined);
    const done = completed(state, operation, said, sender, at, earlier);
    if ("rejected" in done) return withAuthorized(state, batch, payload.operations, done);
    events.set(operation.id, done.committed);
  }
  if (events.size === 0) return refuse("message/malformed", `all that is named of batch ${batch.id} is committed; name what waits`);
  return { events: [...events.values()] };
}

/** Of a batch that may be completed in parts, what need not wait for the rest. */
function withAuthorized(state: Readonly<SessionState>, batch: Batch, entries: readonly Entry[], refusal: Refusal): Refusal {
  const { code, message, details } = refusal.rejected;
  if (code !== "operation/not-authorized" || batch.atomicity === "all_or_nothing") return refusal;
  const named = operationsOf(
    state,
    entries.map(({ op_id: id }) => id),
  );
  const ready = named.filter((one) => one.batch === batch.id && isPending(one) && one.authorizedBy !== undefined).map(({ id }) => id);
  if (ready.length === 0) return refusal;
  return refuse(
    code,
    `${message}; ${ready.join(", ")} of this batch may be carried out: send what is authorized without the rest`,
    details,
  );
}

function missingIn(state: Readonly<SessionState>, batch: Batch, entries: readonly Entry[]): OpId[] {
  if (batch.atomicity !== "all_or_nothing") return [];
  const named = new Set(entries.map(({ op_id: id }) => id));
  return operationsOf(state, batch.operations)
    .filter((operation) => isPending(operation) && !named.has(operation.id))
    .map(({ id }) => id);
}
