/** What becomes of claims on suspended work. */
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { pendingClaims, type SessionState } from "../state.ts";
import type { Claim } from "../state/claims.ts";
import { scheduleClaim, scheduleParticipant } from "./forgetting.ts";

export function openClaim(state: SessionState, event: SessionEventOf<"ClaimOpened">, at: Place): void {
  const { claimId: id, intentId, principalId: principal, newIntentId: newIntent, objective, scope, dueAtMs, contentHash } = event;
  const facts = { id, intent: intentId, principal, newIntent, objective, scope, dueAtMs, contentHash };
  const renews = event.renews === true ? { renews: event.renews } : {};
  const claim: Claim = { ...facts, ...renews, openedAt: at.revision, openedAtMs: at.atMs, state: "PENDING" };
  const claimer = state.participants.get(principal);
  state.claims.set(id, claim);
  state.keptIds.set(newIntent, id);
  claimer?.claims.add(id);
  scheduleParticipant(state, claimer, at.atMs);
  const intent = state.intents.get(intentId);
  if (intent !== undefined) intent.claim = id;
  scheduleClaim(state, claim, at.atMs);
}

export function settleClaim(state: SessionState, event: SessionEventOf<"ClaimDecided">, at: Place): void {
  const claim = state.claims.get(event.claimId);
  if (claim === undefined) return;
  claim.state = event.decision === "approved" ? "APPROVED" : event.decision === "rejected" ? "REJECTED" : "WITHDRAWN";
  if (state.keptIds.get(claim.newIntent) === claim.id) state.keptIds.delete(claim.newIntent);
  const claimer = state.participants.get(claim.principal);
  claimer?.claims.delete(claim.id);
  scheduleParticipant(state, claimer, at.atMs);
  const intent = state.intents.get(claim.intent);
  if (intent?.claim === claim.id) intent.claim = undefined;
  scheduleClaim(state, claim, at.atMs);
}

/** The owner may come back first, also from a sleep of the machine. For one who has left nobody waits. */
export function moveClaims(state: SessionState, { fromMs, untilMs }: SessionEventOf<"Resumed">): void {
  for (const claim of pendingClaims(state)) {
    if (claim.dueAtMs === undefined || claim.dueAtMs < fromMs || claim.dueAtMs >= untilMs) continue;
    if (hasLeft(state, claim)) continue;
    claim.dueAtMs = untilMs;
    state.deadlines.set(`claim:${claim.id}`, untilMs);
  }
}

function hasLeft({ intents, participants }: SessionState, { intent }: Claim): boolean {
  const owner = intents.get(intent)?.principal;
  return owner === undefined || (participants.get(owner)?.presence ?? "left") === "left";
}
