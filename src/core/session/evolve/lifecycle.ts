/** What becomes of the session as a whole, and of scopes that somebody was turned away from. */
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { resourcesOf } from "../scopes.ts";
import type { SessionState } from "../state.ts";

export function closeSession(state: SessionState, event: SessionEventOf<"SessionClosed">, at: Place): void {
  state.closed = event.reason;
  state.closedAtMs = at.atMs;
}

export function startBackoff(state: SessionState, event: SessionEventOf<"BackoffStarted">): void {
  const { principalId, scope, retryAtMs, times } = event;
  const running = state.backoffs.get(principalId) ?? [];
  state.backoffs.set(principalId, [...running, { resources: resourcesOf(scope, state.settings), retryAtMs, times }]);
}
