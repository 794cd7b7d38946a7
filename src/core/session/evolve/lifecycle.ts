/** What becomes of the session as a whole, and when its own end is due (SPEC 9.6.1). */
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { policyOf } from "../policy.ts";
import type { SessionState } from "../state.ts";

const [TTL, AUTO_CLOSE] = ["session:ttl", "session:auto_close"] as const;

export function closeSession(state: SessionState, event: SessionEventOf<"SessionClosed">, at: Place): void {
  state.closed = event.reason;
  state.closedAtMs = at.atMs;
  scheduleEnd(state);
}

/** Its time runs from its first record, whatever its policy was then. */
export function scheduleEnd(state: SessionState): void {
  const { sessionTtlMs } = policyOf(state.settings);
  const ends = state.closed === undefined && sessionTtlMs > 0 && state.beganAtMs !== undefined;
  state.deadlines.set(TTL, ends ? (state.beganAtMs ?? 0) + sessionTtlMs : undefined);
}

/** After each record: the grace runs from the one since which everything has been done. */
export function watchQuiet(state: SessionState, at: Place): void {
  const { autoClose, autoCloseGraceMs } = policyOf(state.settings);
  if (!autoClose && state.quietSinceMs === undefined) return;
  state.quietSinceMs = autoClose && isDone(state) ? (state.quietSinceMs ?? at.atMs) : undefined;
  state.deadlines.set(AUTO_CLOSE, state.quietSinceMs === undefined ? undefined : state.quietSinceMs + autoCloseGraceMs);
}

/** A machine that slept gave nobody the time to begin something new. */
export function beginQuietAnew(state: SessionState, at: Place): void {
  if (state.quietSinceMs !== undefined) state.quietSinceMs = at.atMs;
}

/** A session in which nothing has been begun yet is not done. */
function isDone(state: SessionState): boolean {
  if (state.closed !== undefined || state.tally.intents === 0 || state.liveIntents.size + state.liveConflicts.size > 0) return false;
  return ![...state.participants.values()].some(
    ({ proposals, deferrals, presence, status }) =>
      proposals.size + deferrals.size > 0 || (presence === "available" && (status === "working" || status === "blocked")),
  );
}
