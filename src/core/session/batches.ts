/**
 * Operations that go together (SPEC 16.8): asked for or declared by the first OP_BATCH_COMMIT of an id, completed by a later
 * one where they were proposed (`batch-completion.ts`).
 *
 * `all_or_nothing` takes all of them or none, and a word that nobody knows means that. `best_effort` takes those that can
 * be taken and says which were not; when none can, nothing is recorded.
 */
import type { OpId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { authorized } from "./authorization.ts";
import { decideKnownBatch } from "./batch-completion.ts";
import { commonIntent, type Entry, judgeEntries, type Judged } from "./batch-entries.ts";
import { intentBars, type NamesIntent, type Refusal, withOpReject } from "./grounds.ts";
import { policyOf } from "./policy.ts";
import { proposingBars } from "./proposals.ts";
import type { SessionState } from "./state.ts";
import type { Batch } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

type Payload = Message<"OP_BATCH_COMMIT">["payload"];

const BATCH_FAILED = "batch_validation_failed";

export function decideBatch(
  state: Readonly<SessionState>,
  message: Message<"OP_BATCH_COMMIT">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const standing = state.batches.get(payload.batch_id);
  if (standing !== undefined) return decideKnownBatch(state, standing, payload, sender, at);

  const named: NamesIntent = { intent_id: commonIntent(payload), extensions: payload.extensions };
  const { isPreCommit } = policyOf(state.settings);
  const barred = isPreCommit ? proposingBars(state, named, sender, payload.operations.length) : intentBars(state, named, sender, "commit");
  if (barred !== undefined) return failed(payload, barred, namesOf(payload.operations));

  const judged = judgeEntries(state, payload, sender, at);
  const [flaw] = judged.flaws;
  const atomicity: Batch["atomicity"] = payload.atomicity === "best_effort" ? "best_effort" : "all_or_nothing";
  const isTaken = flaw === undefined || (atomicity === "best_effort" && judged.taken.length > 0);
  if (!isTaken) return failed(payload, flaw, namesOf(judged.flaws.map(({ entry }) => entry)));
  const intentId = commonIntent(payload);
  const opened: SessionEventOf<"BatchOpened"> = {
    type: "BatchOpened",
    batchId: payload.batch_id,
    principalId: sender.id,
    ...(intentId === undefined ? {} : { intentId }),
    atomicity,
    opIds: judged.taken.map(({ event }) => event.opId),
    contentHash: at.facts.contentHash ?? "",
  };
  const taken = judged.taken.map(({ event }) => event);
  const waitsFor = [...new Set(judged.taken.flatMap(({ blockers }) => blockers))];
  return {
    events: [opened, ...taken, ...refused(payload, judged), ...(isPreCommit ? authorizedOf(state, opened, judged) : [])],
    ...(waitsFor.length === 0 ? {} : { result: { conflicts: waitsFor } }),
  };
}

const namesOf = (entries: readonly Entry[]): OpId[] => [...new Set(entries.map(({ op_id: id }) => id))];

/** Nothing of it counts: the sender hears why, and the OP_REJECT of the whole (SPEC 16.8). */
function failed({ batch_id: id }: Payload, { rejected }: Refusal, rejectedOps: readonly OpId[]): Refusal {
  const message = `nothing of batch ${id} was taken: ${rejected.message}`;
  return withOpReject({ rejected: { ...rejected, message } }, { op_id: id, reason: BATCH_FAILED, rejected_ops: [...rejectedOps] });
}

/** The entries that were not taken are no operations; the ids may be used again. */
function refused({ batch_id: batchId }: Payload, { flaws }: Judged): SessionEvent[] {
  if (flaws.length === 0) return [];
  const why = flaws.map(({ entry, rejected: { code, message } }) => ({ opId: entry.op_id, refusal: code, message }));
  return [{ type: "OperationRejected", opIds: [], batchId, reason: BATCH_FAILED, refused: why }];
}

/** What goes as a whole is authorized as a whole. */
function authorizedOf(
  state: Readonly<SessionState>,
  { atomicity, batchId }: SessionEventOf<"BatchOpened">,
  { taken }: Judged,
): SessionEvent[] {
  const free = taken.filter(({ blockers }) => blockers.length === 0).map(({ event }) => event.opId);
  const isWhole = free.length === taken.length;
  return free.length > 0 && (isWhole || atomicity === "best_effort") ? [authorized(state, free, batchId)] : [];
}
