/** Calls of tools that are under way: one that is ended from outside still gives up what it got hold of. */
import { setTimeout as pause } from "node:timers/promises";

export interface UnderWay {
  track<Result>(call: Promise<Result>): Promise<Result>;
  /** Resolves when none is, or after so many milliseconds. */
  over(limitMs: number): Promise<void>;
}

export function createUnderWay(): UnderWay {
  const calls = new Set<Promise<unknown>>();
  return {
    track(call) {
      calls.add(call);
      const end = (): void => void calls.delete(call);
      call.then(end, end);
      return call;
    },
    async over(limitMs) {
      const limit = new AbortController();
      await Promise.race([Promise.allSettled(calls), pause(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
    },
  };
}
