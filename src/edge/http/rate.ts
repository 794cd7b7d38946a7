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
  /**
   * Takes one frame at `nowMs` and gives how long to wait before it is read, in milliseconds; takes nothing where that is longer
   * than `mostMs`: nobody falls behind by asking again.
   */
  take(nowMs: number, mostMs?: number): number;
  /** Takes so many frames at once, or nothing where that would have to wait. */
  takeNow(nowMs: number, frames?: number): number;
}

export function createBucket({ perSecond, burst }: Rate): Bucket {
  /** When the bucket is full again: a frame moves it by its share. */
  let fullAtMs = -Infinity;
  const shareMs = 1_000 / perSecond;

  function takeWithin(nowMs: number, frames: number, mostMs: number): number {
    const fullNextMs = Math.max(fullAtMs, nowMs) + frames * shareMs;
    const waitMs = Math.max(0, fullNextMs - nowMs - burst * shareMs);
    if (waitMs <= mostMs) fullAtMs = fullNextMs;
    return waitMs;
  }

  return {
    take: (nowMs, mostMs = Infinity) => takeWithin(nowMs, 1, mostMs),
    takeNow: (nowMs, frames = 1) => takeWithin(nowMs, frames, 0),
  };
}
