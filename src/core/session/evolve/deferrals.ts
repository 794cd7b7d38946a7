/** What becomes of those who wait for others. */
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { resourcesOf } from "../scopes.ts";
import type { Deferral, SessionState } from "../state.ts";

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
  const facts = { id, principal, scope, category, reason, observedIntents, observedPrincipals, expiresAtMs, waiting };
  const deferral: Deferral = { ...facts, resources: resourcesOf(scope, state.settings), deferredAtMs: standing?.deferredAtMs ?? at.atMs };
  state.deferrals.set(id, deferral);
  state.participants.get(principal)?.deferrals.add(id);
  state.deadlines.set(`deferral:${id}`, expiresAtMs);
}

export function endDeferral(state: SessionState, event: SessionEventOf<"DeferralEnded">): void {
  state.deferrals.delete(event.deferralId);
  state.participants.get(event.principalId)?.deferrals.delete(event.deferralId);
  state.deadlines.set(`deferral:${event.deferralId}`, undefined);
}
