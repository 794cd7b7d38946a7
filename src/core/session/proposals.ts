/**
 * Operations that are proposed before they are carried out (SPEC 16.2).
 *
 * Where changes are authorized first, a proposal is authorized as soon as nobody else is in its way (`authorization.ts`).
 * Elsewhere it waits for others to say something, and for its author to carry it out.
 */
import type { BatchId, ConflictId } from "../../wire/ids.ts";
import { MAX_BATCH_ENTRIES, type Message } from "../../wire/mpac/messages.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { authorized, blockersOf } from "./authorization.ts";
import { intentBars, isUncoordinated, namedIntent, type NamesIntent, type Refusal, type Said, targetOf, withOpReject } from "./grounds.ts";
import { takenRefusal, unproposedRefusal } from "./known-operation.ts";
import { policyOf } from "./policy.ts";
import type { SessionState } from "./state.ts";
import { isPending, type Operation } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";
import { filesOf, type Standing, treeOf } from "./virtual-tree.ts";

type Proposed = SessionEventOf<"OperationProposed">;

/**
 * Operations that may wait for one principal's commit, and under one intent: the largest batch, and what becomes of them
 * together fits into a record.
 */
export const MAX_PENDING = MAX_BATCH_ENTRIES;

export function decidePropose(
  state: Readonly<SessionState>,
  message: Message<"OP_PROPOSE">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const standing = state.operations.get(payload.op_id);
  return standing === undefined ? decideRequest(state, payload, sender, at) : repeatOf(standing, sender, at);
}

/** What does not wait any more is said to be so: its author may not carry it out. */
function repeatOf(standing: Operation, sender: Participant, at: SessionMoment): Verdict {
  if (standing.principal !== sender.id || standing.contentHash !== (at.facts.contentHash ?? "")) return takenRefusal(standing);
  if (isPending(standing) || standing.completionHash !== undefined) return { standing: { revision: standing.receivedAt } };
  return unproposedRefusal(standing);
}

/** A change that asks first, by OP_PROPOSE or by the first OP_COMMIT of a session that authorizes. */
export function decideRequest(state: Readonly<SessionState>, said: Said, sender: Participant, at: SessionMoment): Verdict {
  const barred = proposingBars(state, said, sender, 1);
  if (barred !== undefined) {
    const refersTo = namedIntent(said);
    if (barred.rejected.code !== "intent/ended" || refersTo === undefined) return barred;
    return withOpReject(barred, { op_id: said.op_id, reason: "intent_terminated", refers_to: refersTo });
  }
  const asked = proposed(state, said, undefined, sender, at);
  if ("rejected" in asked) return asked;
  const { proposal, blockers } = asked;
  if (!policyOf(state.settings).isPreCommit) return { events: [proposal] };
  if (blockers.length > 0) return { events: [proposal], result: { conflicts: blockers } };
  return { events: [proposal, authorized(state, [proposal.opId])] };
}

/** Why the sender may propose nothing under the intent that it names. */
export function proposingBars(state: Readonly<SessionState>, named: NamesIntent, sender: Participant, more: number): Refusal | undefined {
  const barred = intentBars(state, named, sender, "propose");
  if (barred !== undefined) return barred;
  const id = namedIntent(named);
  const underIntent = id === undefined ? 0 : (state.intents.get(id)?.proposals.size ?? 0);
  const waiting = Math.max(sender.proposals.size, underIntent);
  if (waiting + more <= MAX_PENDING) return undefined;
  return refuse(
    "operation/too-many",
    `${waiting} operations wait already, at most ${MAX_PENDING} may; commit some, or have them rejected, before you propose more`,
  );
}

/** The proposal as it is recorded, and the conflicts that keep it from being authorized. */
export function proposed(
  state: Readonly<SessionState>,
  said: Said,
  batchId: BatchId | undefined,
  sender: Participant,
  at: SessionMoment,
  earlier?: Map<string, Standing>,
): { readonly proposal: Proposed; readonly blockers: readonly ConflictId[] } | Refusal {
  const intentId = namedIntent(said);
  const found = targetOf(state, said, intentId);
  if ("rejected" in found) return found;
  const { isPreCommit } = policyOf(state.settings);
  // What nobody authorizes is compared when it is carried out.
  const read = isPreCommit ? filesOf(state, said, found.target, sender, at, earlier) : { files: [] };
  if ("rejected" in read) return read;

  const proposal: Proposed = {
    type: "OperationProposed",
    opId: said.op_id,
    principalId: sender.id,
    ...(intentId === undefined ? {} : { intentId }),
    target: found.target.path,
    opKind: said.op_kind ?? "replace",
    tree: treeOf(sender),
    ...(sender.worktree?.branch === undefined ? {} : { branch: sender.worktree.branch }),
    stateRefBefore: said.state_ref_before ?? null,
    stateRefAfter: said.state_ref_after ?? null,
    uncoordinated: isUncoordinated(state, found.target, sender, intentId),
    ...(batchId === undefined ? {} : { batchId }),
    contentHash: at.facts.contentHash ?? "",
  };
  const waiting = { id: proposal.opId, principal: sender.id, intent: intentId, target: proposal.target };
  return { proposal, blockers: isPreCommit ? blockersOf(state, waiting) : [] };
}
