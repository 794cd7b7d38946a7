/**
 * Messages that were taken and left no record, by their ids: a heartbeat that changes nothing. The log does not remember them,
 * and where replays are kept out a repeat is one all the same (SPEC 23.1.2). After a restart it does as little as the first did.
 */

export interface Unrecorded {
  /** Whether it was there before, within the time in which its `ts` counts; notes it where it was not. */
  isRepeat(messageId: string): boolean;
  /** It was refused, or the log has it. */
  drop(messageId: string): void;
}

/** As long as the log's own are known: half a window for a clock that is ahead, and as much again. */
const KNOWN_MS = 600_000;

export function createUnrecorded(nowMs: () => number): Unrecorded {
  const takenAtMs = new Map<string, number>();
  return {
    isRepeat(messageId) {
      const atMs = nowMs();
      for (const [id, before] of takenAtMs) {
        if (atMs - before <= KNOWN_MS) break;
        takenAtMs.delete(id);
      }
      if (takenAtMs.has(messageId)) return true;
      takenAtMs.set(messageId, atMs);
      return false;
    },
    drop: (messageId) => void takenAtMs.delete(messageId),
  };
}
