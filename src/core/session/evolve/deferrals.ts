/** What becomes of those who wait for others. */
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { footprintIn, resourcesOf } from "../scopes.ts";
import type { SessionState } from "../state.ts";
import type { Deferral } from "../state/deferrals.ts";
import { scheduleParticipant } from "./forgetting.ts";
import { reconsider, turnOf } from "./waiting.ts";

/** Asked for again, it keeps the place that it had. */
export function defer(state: SessionState, event: SessionEventOf<"IntentDeferred">, at: Place): void {
  const {
    deferralId: id,
    principalId: principal,
    scope,
    category,
    reason,
    observedIntents,
    observedPrincipals,
    expiresAtMs,
    waiting,
  } = event;
  const standing = state.deferrals.get(id);
  if (standing !== undefined) forsake(state, standing);
  const since = { deferredAtMs: standing?.deferredAtMs ?? at.atMs, deferredAt: standing?.deferredAt ?? at.revision };
  const facts = { id, principal, scope, category, reason, observedIntents, observedPrincipals, expiresAtMs, waiting };
  const deferral: Deferral = { ...facts, ...since, resources: resourcesOf(scope, state.settings) };
  const owner = state.participants.get(principal);
  state.deferrals.set(id, deferral);
  owner?.deferrals.add(id);
  scheduleParticipant(state, owner, at.atMs);
  state.deadlines.set(`deferral:${id}`, expiresAtMs);
  if (waiting === undefined) return observe(state, deferral);
  state.waiting.set(waiting.intentId, id);
  state.waitingIndex.add(id, footprintIn(scope, state.settings));
  reconsider(state, deferral, at);
}

export function endDeferral(state: SessionState, event: SessionEventOf<"DeferralEnded">, at: Place): void {
  const { deferralId: id } = event;
  const deferral = state.deferrals.get(id);
  if (deferral === undefined) return;
  const owner = state.participants.get(deferral.principal);
  state.deferrals.delete(id);
  owner?.deferrals.delete(id);
  scheduleParticipant(state, owner, at.atMs);
  state.deadlines.set(`deferral:${id}`, undefined);
  forsake(state, deferral);
  if (deferral.waiting === undefined) return;
  state.waiting.delete(deferral.waiting.intentId);
  state.waitingIndex.remove(id);
  state.deadlines.set(turnOf(id), undefined);
  reconsider(state, deferral, at);
}

/** What is over because of an intent's end is found from that intent, or from its owner. */
function observe(state: SessionState, { id, observedIntents, observedPrincipals }: Deferral): void {
  for (const observed of [...observedIntents, ...observedPrincipals]) {
    state.observers.set(observed, (state.observers.get(observed) ?? new Set()).add(id));
  }
}

function forsake(state: SessionState, { id, observedIntents, observedPrincipals }: Deferral): void {
  for (const observed of [...observedIntents, ...observedPrincipals]) {
    const ids = state.observers.get(observed);
    ids?.delete(id);
    if (ids?.size === 0) state.observers.delete(observed);
  }
}

/** Nobody could ask again while the machine slept. */
export function moveDeferrals(state: SessionState, { fromMs, untilMs }: SessionEventOf<"Resumed">): void {
  for (const deferral of state.deferrals.values()) {
    if (deferral.expiresAtMs < fromMs || deferral.expiresAtMs >= untilMs) continue;
    deferral.expiresAtMs = untilMs;
    state.deadlines.set(`deferral:${deferral.id}`, untilMs);
  }
}

export function readWaitingAnew(state: SessionState): void {
  for (const deferral of state.deferrals.values()) {
    deferral.resources = resourcesOf(deferral.scope, state.settings);
    if (deferral.waiting !== undefined) state.waitingIndex.add(deferral.id, footprintIn(deferral.scope, state.settings));
  }
}
