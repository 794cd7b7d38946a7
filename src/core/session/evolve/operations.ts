/** What becomes of operations, and of the virtual tree that some of them write. */
import type { IntentId, OpId } from "../../../wire/ids.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { parseResource } from "../../scope/resource.ts";
import { NO_MEMBERS, withMember, withoutMember } from "../sparse-set.ts";
import { pathRules } from "../scopes.ts";
import type { SessionState } from "../state.ts";
import { isLive } from "../state/intents.ts";
import { type Operation, type Reference, VIRTUAL_TREE } from "../state/operations.ts";
import { ease } from "./conflicts.ts";
import { scheduleBatch, scheduleOperation, scheduleParticipant } from "./forgetting.ts";

export function commit(state: SessionState, event: SessionEventOf<"OperationCommitted">, at: Place): void {
  const proposed = state.operations.get(event.opId);
  if (proposed === undefined) add(state, bornOf(event), at);
  else complete(state, proposed, event, at);
  if (event.tree !== VIRTUAL_TREE) return;
  for (const { path, stateRef, blob } of event.files) write(state, path, { stateRef, blob, by: event.principalId });
}

export function propose(state: SessionState, event: SessionEventOf<"OperationProposed">, at: Place): void {
  const operation = enter(state, bornOf(event), "PROPOSED", at);
  const author = state.participants.get(operation.principal);
  author?.proposals.add(operation.id);
  scheduleParticipant(state, author, at.atMs);
  const intent = operation.intent === undefined ? undefined : state.intents.get(operation.intent);
  if (intent !== undefined) intent.proposals = withMember(intent.proposals, operation.id);
  scheduleOperation(state, operation, at.atMs);
  scheduleBatch(state, operation.batch, at.atMs);
}

export function authorize(state: SessionState, event: SessionEventOf<"OperationAuthorized">): void {
  for (const id of event.opIds) {
    const operation = state.operations.get(id);
    if (operation !== undefined) operation.authorizedBy = event.by;
  }
}

export function reject(state: SessionState, event: SessionEventOf<"OperationRejected">, at: Place): void {
  for (const id of event.opIds) {
    if (undo(state, id, "REJECTED", at)) state.tally.rejected += 1;
  }
}

export function abandon(state: SessionState, id: OpId, at: Place): void {
  if (undo(state, id, "ABANDONED", at)) state.tally.abandoned += 1;
}

export function setPending(state: SessionState, id: OpId, next: "PROPOSED" | "FROZEN"): void {
  const operation = state.operations.get(id);
  if (operation !== undefined) operation.state = next;
}

export function openBatch(state: SessionState, event: SessionEventOf<"BatchOpened">, at: Place): void {
  const { batchId: id, principalId: principal, intentId: intent, atomicity, opIds: operations, contentHash } = event;
  state.batches.set(id, { id, principal, intent, atomicity, operations, contentHash, openedAt: at.revision });
  scheduleBatch(state, id, at.atMs);
}

/** What was proposed is settled without having been carried out, or what was carried out counts no more. */
function undo(state: SessionState, id: OpId, next: "REJECTED" | "ABANDONED", at: Place): boolean {
  const operation = state.operations.get(id);
  if (operation === undefined) return false;
  operation.state = next;
  settle(state, operation, at);
  state.written.remove(id);
  scheduleOperation(state, operation, at.atMs);
  ease(state, operation.conflicts, at);
  return true;
}

/** It waits for its commit no longer. */
function settle(state: SessionState, { id, principal, intent, batch }: Operation, at: Place): void {
  const author = state.participants.get(principal);
  author?.proposals.delete(id);
  scheduleParticipant(state, author, at.atMs);
  const named = intent === undefined ? undefined : state.intents.get(intent);
  if (named !== undefined) named.proposals = withoutMember(named.proposals, id);
  scheduleBatch(state, batch, at.atMs);
}

/** What its commit says of it counts. */
function complete(state: SessionState, operation: Operation, event: SessionEventOf<"OperationCommitted">, at: Place): void {
  operation.state = "COMMITTED";
  operation.stateRefBefore = event.stateRefBefore;
  operation.stateRefAfter = event.stateRefAfter;
  operation.branch = event.branch;
  operation.completionHash = event.contentHash;
  operation.committedAt = at.revision;
  operation.committedAtMs = at.atMs;
  settle(state, operation, at);
  stand(state, operation, at);
}

export function supersede(state: SessionState, event: SessionEventOf<"OperationSuperseded">, at: Place): void {
  const earlier = state.operations.get(event.opId);
  if (earlier === undefined) return;
  earlier.state = "SUPERSEDED";
  state.written.remove(earlier.id);
  ease(state, earlier.conflicts, at);
  const birth: Birth = {
    id: event.supersededBy,
    principal: event.principalId,
    intent: earlier.intent,
    target: event.target,
    tree: event.tree,
    branch: earlier.branch,
    stateRefBefore: earlier.stateRefAfter,
    stateRefAfter: event.stateRefAfter,
    contentHash: event.contentHash,
    batch: undefined,
  };
  add(state, birth, at);
  if (event.tree !== VIRTUAL_TREE || event.stateRefAfter === null) return;
  write(state, event.target, { stateRef: event.stateRefAfter, blob: undefined, by: event.principalId });
}

interface Birth extends Pick<
  Operation,
  "id" | "principal" | "target" | "tree" | "branch" | "stateRefBefore" | "stateRefAfter" | "contentHash" | "batch"
> {
  /** The intent that was named. */
  readonly intent: IntentId | undefined;
}

function bornOf(event: SessionEventOf<"OperationCommitted"> | SessionEventOf<"OperationProposed">): Birth {
  return {
    id: event.opId,
    principal: event.principalId,
    intent: event.intentId,
    target: event.target,
    tree: event.tree,
    branch: event.branch,
    stateRefBefore: event.stateRefBefore,
    stateRefAfter: event.stateRefAfter,
    contentHash: event.contentHash,
    batch: event.batchId,
  };
}

/** An operation belongs to its intent while that is live; under an ended one it stands, and is forgotten, by itself. */
function enter(state: SessionState, birth: Birth, as: "PROPOSED" | "COMMITTED", at: Place): Operation {
  const named = birth.intent === undefined ? undefined : state.intents.get(birth.intent);
  const operation: Operation = {
    id: birth.id,
    principal: birth.principal,
    intent: named !== undefined && isLive(named) ? named.id : undefined,
    target: birth.target,
    tree: birth.tree,
    branch: birth.branch,
    state: as,
    authorizedBy: undefined,
    batch: birth.batch,
    stateRefBefore: birth.stateRefBefore,
    stateRefAfter: birth.stateRefAfter,
    contentHash: birth.contentHash,
    completionHash: undefined,
    receivedAt: at.revision,
    committedAt: at.revision,
    committedAtMs: at.atMs,
    conflicts: NO_MEMBERS,
  };
  state.operations.set(operation.id, operation);
  state.tally.operations += 1;
  return operation;
}

function add(state: SessionState, birth: Birth, at: Place): void {
  stand(state, enter(state, birth, "COMMITTED", at), at);
}

function stand(state: SessionState, operation: Operation, at: Place): void {
  const resource = parseResource(operation.target, pathRules(state.settings));
  if (!("refused" in resource)) state.written.add(operation.id, [resource]);
  if (operation.intent !== undefined) state.intents.get(operation.intent)?.operations.push(operation.id);
  state.tally.committed += 1;
  scheduleOperation(state, operation, at.atMs);
}

function write(state: SessionState, path: string, reference: Reference): void {
  const resource = parseResource(path, pathRules(state.settings));
  if (!("refused" in resource)) state.virtualTree.set(resource.key, reference);
}
