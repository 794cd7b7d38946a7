/**
 * When what has ended leaves the state: a day after nothing live refers to it.
 *
 * Each thing has one deadline at most. A live intent's is the end of its time to live; everything else's is the moment
 * it is forgotten, and none while something live refers to it. What was carried out under an intent goes with it; of a batch
 * nothing is forgotten while any of it waits, because a repeat asks about all of it.
 */
import type { BatchId, PrincipalId } from "../../../wire/ids.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import type { SessionState } from "../state.ts";
import type { Backoff } from "../state/backoffs.ts";
import type { Claim } from "../state/claims.ts";
import { type Conflict, isOpen } from "../state/conflicts.ts";
import { type Intent, isLive } from "../state/intents.ts";
import { isPending, type Operation, wasCommitted } from "../state/operations.ts";
import { familyOf, type Participant } from "../state/participants.ts";

/** How long what has ended stays in the state once nothing live refers to it, in milliseconds. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** Somebody who is gone and owns nothing live is forgotten after a while. */
export function scheduleParticipant(state: SessionState, participant: Participant | undefined, nowMs: number): void {
  if (participant === undefined) return;
  const { presence, intents, proposals, deferrals, claims } = participant;
  const isGone = presence !== "available" && intents.size + proposals.size + deferrals.size + claims.size === 0;
  state.deadlines.set(`principal:${participant.id}`, isGone ? nowMs + REMEMBERED_MS : undefined);
}

/** An ended intent is kept while an unsettled conflict is about it or about one of its operations. */
export function scheduleIntent(state: SessionState, intent: Intent, nowMs: number): void {
  state.deadlines.set(`intent:${intent.id}`, isLive(intent) ? intent.expiresAtMs : forgottenAtMs(state, intent, nowMs));
}

function forgottenAtMs(state: SessionState, intent: Intent, nowMs: number): number | undefined {
  return isReferred(state, intent) ? undefined : nowMs + REMEMBERED_MS;
}

function isReferred(state: SessionState, { conflicts, operations }: Intent): boolean {
  return conflicts.size > 0 || operations.some((id) => (state.operations.get(id)?.conflicts.size ?? 0) > 0);
}

export function scheduleOperation(state: SessionState, operation: Operation, nowMs: number): void {
  const intent = operation.intent !== undefined && wasCommitted(operation) ? state.intents.get(operation.intent) : undefined;
  if (intent !== undefined) {
    if (!isLive(intent)) scheduleIntent(state, intent, nowMs);
    return;
  }
  const isKept = isPending(operation) || operation.conflicts.size > 0 || isWaiting(state, operation.batch);
  state.deadlines.set(`operation:${operation.id}`, isKept ? undefined : nowMs + REMEMBERED_MS);
}

/** A batch is remembered while any of its operations waits. */
export function scheduleBatch(state: SessionState, id: BatchId | undefined, nowMs: number): void {
  const batch = id === undefined ? undefined : state.batches.get(id);
  if (batch === undefined) return;
  const waits = isWaiting(state, batch.id);
  state.deadlines.set(`batch:${batch.id}`, waits ? undefined : nowMs + REMEMBERED_MS);
  if (waits) return;
  for (const opId of batch.operations) {
    const operation = state.operations.get(opId);
    if (operation !== undefined) scheduleOperation(state, operation, nowMs);
  }
}

function isWaiting({ batches, operations }: SessionState, id: BatchId | undefined): boolean {
  const batch = id === undefined ? undefined : batches.get(id);
  return (batch?.operations ?? []).some((opId) => {
    const operation = operations.get(opId);
    return operation !== undefined && isPending(operation);
  });
}

export function scheduleConflict(state: SessionState, conflict: Conflict, nowMs: number): void {
  state.deadlines.set(`conflict:${conflict.id}`, isOpen(conflict) ? conflict.dueAtMs : nowMs + REMEMBERED_MS);
}

/** A decided claim is remembered for a day, so that a repeat of it is known. */
export function scheduleClaim(state: SessionState, claim: Claim, nowMs: number): void {
  state.deadlines.set(`claim:${claim.id}`, claim.state === "PENDING" ? claim.dueAtMs : nowMs + REMEMBERED_MS);
}

/** Those that may still count when their principal is rejected again; the earliest has the deadline. */
export function keepBackoffs(state: SessionState, principal: PrincipalId, backoffs: readonly Backoff[], nowMs: number): void {
  const kept = backoffs.filter(({ retryAtMs }) => retryAtMs + REMEMBERED_MS > nowMs);
  if (kept.length === 0) state.backoffs.delete(principal);
  else state.backoffs.set(principal, kept);
  const dueAtMs = kept.length === 0 ? undefined : Math.min(...kept.map(({ retryAtMs }) => retryAtMs)) + REMEMBERED_MS;
  state.deadlines.set(`backoff:${principal}`, dueAtMs);
}

export function forget(state: SessionState, event: SessionEventOf<"Forgotten">, at: Place): void {
  for (const id of event.intents) {
    state.intents.delete(id);
    state.deadlines.set(`intent:${id}`, undefined);
  }
  for (const id of event.operations) {
    state.operations.delete(id);
    state.written.remove(id);
    state.deadlines.set(`operation:${id}`, undefined);
  }
  for (const id of event.conflicts) {
    state.conflicts.delete(id);
    state.deadlines.set(`conflict:${id}`, undefined);
  }
  for (const id of event.claims ?? []) {
    state.claims.delete(id);
    state.deadlines.set(`claim:${id}`, undefined);
  }
  for (const id of event.batches ?? []) {
    state.batches.delete(id);
    state.deadlines.set(`batch:${id}`, undefined);
  }
  for (const id of event.backoffs ?? []) keepBackoffs(state, id, state.backoffs.get(id) ?? [], at.atMs);
  for (const id of event.principals) {
    state.participants.delete(id);
    const family = state.families.get(familyOf(id));
    family?.delete(id);
    if (family?.size === 0) state.families.delete(familyOf(id));
    state.deadlines.set(`principal:${id}`, undefined);
  }
}
