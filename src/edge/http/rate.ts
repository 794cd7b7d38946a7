/**
 * How fast one connection may speak: a bucket that fills at a steady rate and holds what may come at once. Whoever is faster
 * is read more slowly, and nothing of it is lost.
 */

export interface Rate {
  /** Frames a second for as long as it likes. */
  readonly perSecond: number;
  /** Frames at once after a silence. */
  readonly burst: number;
}

/** What a connection from elsewhere may say: far above what people and agents do, far below what hurts others. */
export const FOREIGN_RATE: Rate = { perSecond: 200, burst: 2_000 };

export interface Bucket {
  /** Takes one frame at `nowMs` and gives how long to wait before it is read, in milliseconds. */
  take(nowMs: number): number;
  /** Takes so many frames at once; nothing when that would have to wait: nobody falls behind by asking again. */
  takeNow(nowMs: number, frames?: number): number;
}

export function createBucket({ perSecond, burst }: Rate): Bucket {
  /** When the bucket is full again: a frame moves it by its share. */
  let fullAtMs = -Infinity;
  const shareMs = 1_000 / perSecond;
  const waitMs = (fullNextMs: number, nowMs: number): number => Math.max(0, fullNextMs - nowMs - burst * shareMs);
  return {
    take(nowMs) {
      fullAtMs = Math.max(fullAtMs, nowMs) + shareMs;
      return waitMs(fullAtMs, nowMs);
    },
    takeNow(nowMs, frames = 1) {
      const fullNextMs = Math.max(fullAtMs, nowMs) + frames * shareMs;
      const wait = waitMs(fullNextMs, nowMs);
      if (wait === 0) fullAtMs = fullNextMs;
      return wait;
    },
  };
}
