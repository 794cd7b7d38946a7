/**
 * What else follows for operations that wait from what a record says happened, whichever rule decided that.
 *
 * Of a batch that goes as a whole the rest is rejected with any part of it (SPEC 16.8). A conflict that nothing is left of
 * closes (17.9). And where changes are authorized first, whatever nobody is in the way of any more is authorized now, or
 * rejected when what it was built on is gone (7.8).
 */
import type { ConflictId, IntentId, OpId } from "../../wire/ids.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { parseResource } from "../scope/resource.ts";
import { authorized, blockersOf } from "./authorization.ts";
import { dismissalsAfter } from "./dismissal.ts";
import { foreseen } from "./foresight.ts";
import { policyOf } from "./policy.ts";
import { pathRules } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import { isPending, type Operation } from "./state/operations.ts";
import { isOutdated } from "./virtual-tree.ts";

const OUTDATED = "stale_state_ref";

export function consequences(state: Readonly<SessionState>, events: readonly SessionEvent[]): readonly SessionEvent[] {
  if (!isPreCommitAfter(state, events) && !events.some(undoes)) return NONE;
  const fallen = mates(state, events);
  const closed = dismissals(state, [...events, ...fallen]);
  return [...fallen, ...closed, ...released(state, [...events, ...fallen, ...closed])];
}

const NONE: readonly SessionEvent[] = [];

const undoes = ({ type }: SessionEvent): boolean => type === "OperationRejected" || type === "OperationAbandoned";

/** Whether changes are authorized first, by what the session's policy is then. */
function isPreCommitAfter(state: Readonly<SessionState>, events: readonly SessionEvent[]): boolean {
  const opened = events.find((event) => event.type === "Opened");
  return policyOf(opened?.settings ?? state.settings).isPreCommit;
}

/** Operations that the events leave nothing of. */
function undone(events: readonly SessionEvent[]): OpId[] {
  return events.flatMap((event) => {
    if (event.type === "OperationRejected") return event.opIds;
    return event.type === "OperationAbandoned" ? [event.opId] : [];
  });
}

/** What waits together with it: its batch where that goes as a whole, else itself alone. */
function unitOf(state: Readonly<SessionState>, operation: Operation): readonly Operation[] {
  const batch = operation.batch === undefined ? undefined : state.batches.get(operation.batch);
  if (batch?.atomicity !== "all_or_nothing") return [operation];
  return batch.operations.flatMap((id) => state.operations.get(id) ?? []).filter(isPending);
}

function mates(state: Readonly<SessionState>, events: readonly SessionEvent[]): SessionEvent[] {
  const gone = new Set(undone(events));
  return events.flatMap((event): SessionEvent[] => {
    if (event.type !== "OperationRejected") return [];
    const operations = event.opIds.flatMap((id) => state.operations.get(id) ?? []).filter(isPending);
    return operations.flatMap((operation): SessionEvent[] => {
      const opIds = unitOf(state, operation)
        .map(({ id }) => id)
        .filter((id) => !gone.has(id));
      for (const id of opIds) gone.add(id);
      if (opIds.length === 0 || operation.batch === undefined) return [];
      return [{ type: "OperationRejected", opIds, batchId: operation.batch, reason: event.reason, refersTo: operation.id }];
    });
  });
}

function dismissals(state: Readonly<SessionState>, events: readonly SessionEvent[]): SessionEvent[] {
  const gone = new Set(undone(events));
  if (gone.size === 0) return [];
  const ended = new Set(events.flatMap((event) => (event.type === "IntentEnded" ? [event.intentId] : [])));
  const settled = new Set<string>(
    events.flatMap((event) => (event.type === "ConflictDismissed" || event.type === "ConflictResolved" ? [event.conflictId] : [])),
  );
  return dismissalsAfter(state, ended, gone).filter((event) => event.type !== "ConflictDismissed" || !settled.has(event.conflictId));
}

function released(state: Readonly<SessionState>, events: readonly SessionEvent[]): SessionEvent[] {
  if (!isPreCommitAfter(state, events)) return [];
  const ids = new Set(events.flatMap((event) => [...concernedBy(state, event)]));
  if (ids.size === 0) return [];

  const gone = new Set([...undone(events), ...stopped(events)]);
  const thawed = new Set(events.flatMap((event) => (event.type === "OperationThawed" ? [event.opId] : [])));
  const waits = ({ id, state: as, authorizedBy }: Operation): boolean =>
    authorizedBy === undefined && !gone.has(id) && (as === "PROPOSED" || thawed.has(id));
  const units = new Set<string>();
  const after = foreseen(state, events);
  return [...ids].flatMap((id): SessionEvent[] => {
    const operation = state.operations.get(id);
    const unit = operation === undefined ? [] : unitOf(state, operation);
    const [first] = unit;
    if (operation === undefined || first === undefined || units.has(first.id) || !unit.every(waits)) return [];
    units.add(first.id);
    if (unit.some((one) => blockersOf(after, one).length > 0)) return [];
    const opIds = unit.map((one) => one.id);
    if (!unit.some((one) => isBuiltOnThePast(state, one))) return [authorized(state, opIds, first.batch)];
    return [{ type: "OperationRejected", opIds, ...(first.batch === undefined ? {} : { batchId: first.batch }), reason: OUTDATED }];
  });
}

function isBuiltOnThePast(state: Readonly<SessionState>, { target, tree, stateRefBefore }: Operation): boolean {
  const resource = parseResource(target, pathRules(state.settings));
  return !("refused" in resource) && isOutdated(state, tree, resource, stateRefBefore);
}

/** Operations that are carried out, or cannot be for now. */
function stopped(events: readonly SessionEvent[]): OpId[] {
  return events.flatMap((event) => (event.type === "OperationCommitted" || event.type === "OperationFrozen" ? [event.opId] : []));
}

/** Operations that may have waited for this. */
function* concernedBy(state: Readonly<SessionState>, event: SessionEvent): Generator<OpId> {
  const { type } = event;
  if (type === "Opened") yield* waiting(state);
  if (type === "OperationThawed") yield event.opId;
  if (type === "ConflictResolved" || type === "ConflictDismissed" || type === "ConflictAcknowledged")
    yield* ofConflict(state, event.conflictId);
  if (type === "ScopeFrozen" && event.favoured !== undefined) yield* state.intents.get(event.favoured)?.proposals ?? [];
  if (type === "OperationRejected" || type === "OperationAbandoned" || type === "OperationSuperseded") {
    const ids = type === "OperationRejected" ? event.opIds : [event.opId];
    for (const id of ids) for (const conflict of state.operations.get(id)?.conflicts ?? []) yield* ofConflict(state, conflict);
  }
  if (type === "IntentEnded" || (type === "IntentUpdated" && event.scope !== undefined)) yield* ofOthers(state, event.intentId);
}

function* ofOthers(state: Readonly<SessionState>, id: IntentId): Generator<OpId> {
  for (const conflict of state.intents.get(id)?.conflicts ?? []) yield* ofConflict(state, conflict);
}

/** A frozen scope was in the way of everybody. */
function* ofConflict(state: Readonly<SessionState>, id: ConflictId): Generator<OpId> {
  const conflict = state.conflicts.get(id);
  if (conflict === undefined) return;
  if (state.frozen.has(id)) yield* waiting(state);
  yield* conflict.operations;
  for (const intent of conflict.intents) yield* state.intents.get(intent)?.proposals ?? [];
}

function* waiting(state: Readonly<SessionState>): Generator<OpId> {
  for (const { proposals } of state.participants.values()) yield* proposals;
}
