/** What becomes of conflicts, and of the intents and operations that they keep from being forgotten. */
import type { ConflictId, PrincipalId } from "../../../wire/ids.ts";
import type { JsonObject } from "../../../wire/json.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { isDisputed } from "../contested.ts";
import { isUnderFreeze } from "../frozen.ts";
import { withMember, withoutMember } from "../sparse-set.ts";
import { policyOf } from "../policy.ts";
import type { SessionState } from "../state.ts";
import type { Conflict } from "../state/conflicts.ts";
import type { Intent } from "../state/intents.ts";
import { scheduleConflict, scheduleIntent, scheduleOperation } from "./forgetting.ts";
import { reconsiderAll } from "./waiting.ts";

export function openConflict(state: SessionState, event: SessionEventOf<"ConflictOpened">, at: Place): void {
  const { conflictId: id, intents, operations } = event;
  const judged: Judged = {
    basis: event.basis,
    intents,
    operations,
    underFreeze: isUnderFreeze(state, event),
    acknowledgements: new Map<PrincipalId, string>(),
  };
  const conflict: Conflict = {
    id,
    category: event.category,
    severity: event.severity,
    basis: judged.basis,
    description: event.description,
    state: "OPEN",
    intents,
    operations,
    principals: event.principals,
    openedAt: at.revision,
    openedAtMs: at.atMs,
    escalatedTo: undefined,
    frozen: undefined,
    underFreeze: judged.underFreeze,
    dueAtMs: resolutionDue(state, judged, at),
    resolution: undefined,
    dependency: event.dependency as JsonObject | undefined,
    reporter: event.reporter,
    contentHash: event.contentHash,
    acknowledgements: judged.acknowledgements,
  };
  state.conflicts.set(id, conflict);
  state.tally.conflicts += 1;
  state.liveConflicts.add(id);
  scheduleConflict(state, conflict, at.atMs);
  eachConcerned(state, conflict, at, (conflicts) => withMember(conflicts, id));
}

export function acknowledge(state: SessionState, event: SessionEventOf<"ConflictAcknowledged">, at: Place): void {
  const conflict = state.conflicts.get(event.conflictId);
  if (conflict === undefined) return;
  const wasDisputed = isDisputed(state, conflict);
  conflict.acknowledgements.set(event.principalId, event.ackType);
  if (wasDisputed) ease(state, [conflict.id], at);
  else beginAnew(state, conflict, at);
  // Who has seen an escalated one is worth knowing, and changes nothing of it.
  if (conflict.state !== "ESCALATED") conflict.state = event.state;
}

/** Who disputes again what was accepted comes as late as a newcomer. */
function beginAnew(state: SessionState, conflict: Conflict, at: Place): void {
  conflict.underFreeze ||= isUnderFreeze(state, conflict);
  waitUntil(state, conflict, resolutionDue(state, conflict, at), at);
}

/** Whoever it was brought before has the whole time again (SPEC 18.6.1); a frozen one goes on through its phases. */
export function escalate(state: SessionState, event: SessionEventOf<"ConflictEscalated">, at: Place): void {
  const conflict = state.conflicts.get(event.conflictId);
  if (conflict === undefined) return;
  conflict.state = "ESCALATED";
  conflict.escalatedTo = event.to;
  if (conflict.frozen === undefined) waitUntil(state, conflict, resolutionDue(state, conflict, at), at);
}

export function freeze(state: SessionState, event: SessionEventOf<"ScopeFrozen">, at: Place): void {
  const conflict = state.conflicts.get(event.conflictId);
  if (conflict === undefined) return;
  conflict.frozen = { sinceMs: conflict.frozen?.sinceMs ?? at.atMs, phase: event.phase, favoured: event.favoured };
  state.frozen.add(conflict.id);
  const { frozenPhase1Ms, frozenPhase2Ms, frozenPhase3 } = policyOf(state.settings);
  const secondEndsAtMs = frozenPhase3 ? at.atMs + frozenPhase2Ms : undefined;
  waitUntil(state, conflict, event.phase === 1 ? at.atMs + frozenPhase1Ms : secondEndsAtMs, at);
  reconsiderAll(state, at);
}

/** Something that these conflicts are about has ended, or was accepted: time does nothing to those that nobody disputes any more. */
export function ease(state: SessionState, ids: Iterable<ConflictId>, at: Place): void {
  for (const id of ids) {
    const conflict = state.conflicts.get(id);
    if (conflict === undefined || isDisputed(state, conflict)) continue;
    conflict.frozen = undefined;
    waitUntil(state, conflict, undefined, at);
    if (state.frozen.delete(id)) reconsiderAll(state, at);
  }
}

/** The intent's scope is another: what it came into, it came into late. */
export function joinFreezes(state: SessionState, { conflicts }: Pick<Intent, "conflicts">, at: Place): void {
  for (const id of conflicts) {
    const conflict = state.conflicts.get(id);
    if (conflict === undefined || conflict.frozen !== undefined || !isUnderFreeze(state, conflict)) continue;
    conflict.underFreeze = true;
    waitUntil(state, conflict, undefined, at);
  }
}

/** A sleeping machine gives nobody the time to resolve anything. */
export function moveConflicts(state: SessionState, { fromMs, untilMs }: SessionEventOf<"Resumed">, at: Place): void {
  for (const id of state.liveConflicts) {
    const conflict = state.conflicts.get(id);
    if (conflict?.dueAtMs === undefined || conflict.dueAtMs < fromMs || conflict.dueAtMs >= untilMs) continue;
    waitUntil(state, conflict, untilMs, at);
  }
}

/** In a session that has ended nothing is resolved any more. */
export function stopConflicts(state: SessionState, at: Place): void {
  for (const id of state.liveConflicts) {
    const conflict = state.conflicts.get(id);
    if (conflict !== undefined) waitUntil(state, conflict, undefined, at);
  }
}

type Judged = Pick<Conflict, "basis" | "underFreeze" | "intents" | "operations" | "acknowledgements">;

/** Nothing comes by itself of what nobody is sure of (SPEC 17.7.1), of what nobody disputes, and of what came into a freeze. */
function resolutionDue(state: SessionState, conflict: Judged, at: Place): number | undefined {
  const { resolutionTimeoutMs } = policyOf(state.settings);
  const waits = resolutionTimeoutMs > 0 && conflict.basis === undefined && !conflict.underFreeze && isDisputed(state, conflict);
  return waits ? at.atMs + resolutionTimeoutMs : undefined;
}

function waitUntil(state: SessionState, conflict: Conflict, dueAtMs: number | undefined, at: Place): void {
  conflict.dueAtMs = dueAtMs;
  scheduleConflict(state, conflict, at.atMs);
}

/** RESOLVED is passed through at once: what is resolved is closed (SPEC 17.8.1). */
export function resolveConflict(state: SessionState, event: SessionEventOf<"ConflictResolved">, at: Place): void {
  const conflict = state.conflicts.get(event.conflictId);
  if (conflict === undefined) return;
  conflict.resolution = { id: event.resolutionId, decision: event.decision, by: event.by };
  settleConflict(state, conflict, event.decision === "dismissed" ? "DISMISSED" : "CLOSED", at);
}

export function dismissConflict(state: SessionState, id: ConflictId, at: Place): void {
  const conflict = state.conflicts.get(id);
  if (conflict !== undefined) settleConflict(state, conflict, "DISMISSED", at);
}

function settleConflict(state: SessionState, conflict: Conflict, as: "CLOSED" | "DISMISSED", at: Place): void {
  const { id } = conflict;
  conflict.state = as;
  conflict.frozen = undefined;
  conflict.dueAtMs = undefined;
  const wasFrozen = state.frozen.delete(id);
  state.tally.resolved += 1;
  state.liveConflicts.delete(id);
  scheduleConflict(state, conflict, at.atMs);
  eachConcerned(state, conflict, at, (conflicts) => withoutMember(conflicts, id));
  if (wasFrozen) reconsiderAll(state, at);
}

/** Changes what an intent or an operation is part of, and with it how long it is kept. */
function eachConcerned(
  state: SessionState,
  conflict: Conflict,
  at: Place,
  change: (conflicts: ReadonlySet<ConflictId>) => ReadonlySet<ConflictId>,
): void {
  for (const intentId of conflict.intents) {
    const intent = state.intents.get(intentId);
    if (intent === undefined) continue;
    intent.conflicts = change(intent.conflicts);
    scheduleIntent(state, intent, at.atMs);
  }
  for (const opId of conflict.operations) {
    const operation = state.operations.get(opId);
    if (operation === undefined) continue;
    operation.conflicts = change(operation.conflicts);
    scheduleOperation(state, operation, at.atMs);
  }
}
