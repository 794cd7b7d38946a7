/** What becomes of scopes that somebody was turned away from. */
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import type { SessionState } from "../state.ts";
import { keepBackoffs } from "./forgetting.ts";

/** The same scope, rejected again, has one entry: the longer one. */
export function startBackoff(state: SessionState, event: SessionEventOf<"BackoffStarted">, at: Place): void {
  const { principalId, scope, retryAtMs, times } = event;
  const same = JSON.stringify(scope);
  const others = (state.backoffs.get(principalId) ?? []).filter((earlier) => JSON.stringify(earlier.scope) !== same);
  keepBackoffs(state, principalId, [...others, { scope, retryAtMs, times }], at.atMs);
}
