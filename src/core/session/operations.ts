/**
 * When a change counts as done (SPEC 16.3).
 *
 * Where changes are carried out first and declared afterwards (`post_commit`), an OP_COMMIT is the change. Where they are
 * authorized first (`pre_commit`), the first OP_COMMIT of an id asks, and the one after the authorization says that it is
 * done. In either, an operation that was proposed before is completed by the OP_COMMIT of its author:
 *
 * | from                | event                               | to        |
 * |---------------------|-------------------------------------|-----------|
 * | (none)              | OP_PROPOSE                          | PROPOSED  |
 * | (none)              | OP_COMMIT, post_commit              | COMMITTED |
 * | (none)              | OP_COMMIT, pre_commit               | PROPOSED  |
 * | PROPOSED            | authorization                       | PROPOSED  |
 * | PROPOSED            | OP_COMMIT; pre_commit: authorized   | COMMITTED |
 * | PROPOSED            | OP_REJECT by a reviewer, owner or arbiter, or by the coordinator | REJECTED |
 * | PROPOSED, FROZEN    | its intent ends                     | REJECTED  |
 * | PROPOSED            | its intent is suspended             | FROZEN    |
 * | FROZEN              | its intent is back                  | PROPOSED  |
 * | PROPOSED, FROZEN    | its author leaves or lapses         | ABANDONED |
 * | COMMITTED           | OP_SUPERSEDE                        | SUPERSEDED |
 */
import type { BatchId, IntentId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import type { Resource } from "../scope/resource.ts";
import { refuse } from "../verdict.ts";
import { blockersOf } from "./authorization.ts";
import { intentBars, isUncoordinated, namedIntent, type NamesIntent, type Refusal, type Said, targetOf } from "./grounds.ts";
import { takenRefusal, unproposedRefusal } from "./known-operation.ts";
import { policyOf } from "./policy.ts";
import { decideRequest } from "./proposals.ts";
import type { SessionState } from "./state.ts";
import type { Operation } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";
import { filesOf, type Standing, treeOf, type WrittenFile } from "./virtual-tree.ts";

type Committed = SessionEventOf<"OperationCommitted">;

export function decideCommit(
  state: Readonly<SessionState>,
  message: Message<"OP_COMMIT">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const standing = state.operations.get(payload.op_id);
  if (standing !== undefined) return decideKnown(state, standing, payload, sender, at);
  if (policyOf(state.settings).isPreCommit) return decideRequest(state, payload, sender, at);

  const barred = intentBars(state, payload, sender, "commit");
  if (barred !== undefined) return barred;
  const intentId = namedIntent(payload);
  const done = carriedOut(state, payload, { intentId }, sender, at);
  return "rejected" in done ? done : { events: [done.committed] };
}

/** Its author says that it is done, or says so again. */
function decideKnown(state: Readonly<SessionState>, standing: Operation, said: Said, sender: Participant, at: SessionMoment): Verdict {
  const contentHash = at.facts.contentHash ?? "";
  const batch = standing.batch === undefined ? undefined : state.batches.get(standing.batch);
  if (standing.principal !== sender.id) return takenRefusal(standing);
  if (standing.state === "COMMITTED" || standing.state === "SUPERSEDED") {
    const same = contentHash === (standing.completionHash ?? standing.contentHash);
    return same ? { standing: { revision: standing.committedAt } } : takenRefusal(standing);
  }
  if (batch?.atomicity === "all_or_nothing" && standing.state === "PROPOSED") {
    return refuse("message/malformed", `operation ${standing.id} goes with batch ${batch.id}; send OP_BATCH_COMMIT for the whole of it`);
  }
  const done = completed(state, standing, said, sender, at);
  return "rejected" in done ? done : { events: [done.committed] };
}

/** What was proposed, done: by its author, on the target and under the intent that it was proposed for. */
export function completed(
  state: Readonly<SessionState>,
  operation: Operation,
  said: Said,
  sender: Participant,
  at: SessionMoment,
  earlier?: Map<string, Standing>,
): { readonly committed: Committed } | Refusal {
  const { id, intent, batch } = operation;
  if (operation.state !== "PROPOSED") return unproposedRefusal(operation);
  if (policyOf(state.settings).isPreCommit && operation.authorizedBy === undefined) {
    const conflicts = blockersOf(state, operation);
    const until = conflicts.length === 0 ? "" : `; ${conflicts.join(", ")} must be resolved first`;
    return refuse("operation/not-authorized", `operation ${id} is not authorized yet; do not carry it out${until}`, { conflicts });
  }
  const named = namedIntent(said);
  if (named !== undefined && named !== intent) {
    return refuse("message/malformed", `operation ${id} was proposed under ${intent ?? "no intent"}, not ${named}`);
  }
  const barred = fenceBars(state, intent, said, sender);
  if (barred !== undefined) return barred;

  const done = carriedOut(state, said, { intentId: intent, batchId: batch }, sender, at, earlier);
  if ("rejected" in done || done.committed.target === operation.target) return done;
  return refuse("message/malformed", `operation ${id} was proposed for ${operation.target}, not ${done.committed.target}`);
}

/** Why the token that is presented forbids what was proposed under the intent; without one what was proposed says enough. */
export function fenceBars(
  state: Readonly<SessionState>,
  intent: IntentId | undefined,
  { extensions }: Pick<NamesIntent, "extensions">,
  sender: Participant,
): Refusal | undefined {
  if (extensions?.signalbox?.fence === undefined) return undefined;
  return intentBars(state, { intent_id: intent, extensions }, sender, "commit");
}

/** Where the change belongs. */
export interface Place {
  readonly intentId: IntentId | undefined;
  readonly batchId?: BatchId | undefined;
}

/** The change as it is recorded, when its target may be touched and it rests on what is so. */
export function carriedOut(
  state: Readonly<SessionState>,
  said: Said,
  { intentId, batchId }: Place,
  sender: Participant,
  at: SessionMoment,
  earlier?: Map<string, Standing>,
): { readonly committed: Committed } | Refusal {
  const found = targetOf(state, said, intentId);
  if ("rejected" in found) return found;
  const read = filesOf(state, said, found.target, sender, at, earlier);
  if ("rejected" in read) return read;
  return { committed: committedEvent(state, said, { intentId, batchId }, found.target, read.files, sender, at) };
}

function committedEvent(
  state: Readonly<SessionState>,
  said: Said,
  { intentId, batchId }: Place,
  target: Resource,
  files: WrittenFile[],
  sender: Participant,
  at: SessionMoment,
): Committed {
  const event: { -readonly [Member in keyof Committed]: Committed[Member] } = {
    type: "OperationCommitted",
    opId: said.op_id,
    principalId: sender.id,
    target: target.path,
    opKind: said.op_kind ?? "replace",
    tree: treeOf(sender),
    stateRefBefore: said.state_ref_before ?? null,
    stateRefAfter: said.state_ref_after ?? null,
    observed: said.extensions?.signalbox?.observed ?? null,
    uncoordinated: isUncoordinated(state, target, sender, intentId),
    files,
    contentHash: at.facts.contentHash ?? "",
  };
  if (intentId !== undefined) event.intentId = intentId;
  if (sender.worktree?.branch !== undefined) event.branch = sender.worktree.branch;
  if (batchId !== undefined) event.batchId = batchId;
  return event;
}
