/**
 * The ids of heartbeats, where replays are kept out: one that changes nothing leaves no record, so that the log does not know it,
 * and a repeat is a repeat all the same (SPEC 23.1.2). After a restart it does as little as the first did.
 */

/** As long as the log's own are known: a window for a clock that is ahead, and as much again. */
const KNOWN_MS = 600_000;

/** Ids that are known at a time; more than all participants of a session need, unless one floods it. */
const MOST = 10_000;

/** Says whether an id was there before, within the time in which its `ts` could count, and notes it. */
export function createHeartbeatIds(nowMs: () => number): (messageId: string) => boolean {
  const takenAtMs = new Map<string, number>();
  return (messageId) => {
    const atMs = nowMs();
    const before = takenAtMs.get(messageId);
    if (before !== undefined && atMs - before <= KNOWN_MS) return true;
    takenAtMs.delete(messageId);
    for (const [id, then] of takenAtMs) {
      if (atMs - then <= KNOWN_MS && takenAtMs.size < MOST) break;
      takenAtMs.delete(id);
    }
    takenAtMs.set(messageId, atMs);
    return false;
  };
}
