/**
 * What time it is, for decisions: a wall clock that never runs backwards, and knows when the machine slept.
 */
export interface Clock {
  /** Milliseconds since 1970, as the system says. It may jump. */
  wallMs(): number;
  /** Milliseconds since some moment. It never runs backwards; whether it counts sleep depends on the system. */
  monotonicMs(): number;
  /** Calls `wake` once after about `delayMs` milliseconds, without keeping the process alive. */
  after(delayMs: number, wake: () => void): Disposable;
}

/** Longest delay that the system's timers take, in milliseconds. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS));
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** How often the engine looks at the clocks, in milliseconds. */
export const BEAT_MS = 5_000;

/** A clock that moved further than this between two looks means that nobody could be heard. */
export const GAP_MS = 30_000;

export interface Timeline {
  /** The instant for a decision: the wall clock, or while that has fallen back, the monotonic clock running on. */
  now(): number;
  /** No instant after this call is before `ms`: a log already holds one. */
  atLeast(ms: number): void;
  /** Notes a look at the clocks. Says since when nothing could be heard, if either clock has jumped, or a log that ends in the future has taken the time along. */
  beat(): { readonly gapSinceMs: number } | undefined;
}

export function createTimeline(clock: Clock): Timeline {
  let last = clock.wallMs();
  let lastMonotonic = clock.monotonicMs();
  let beatWall = last;
  let beatMonotonic = lastMonotonic;
  let beatInstant = last;

  function now(): number {
    const wall = clock.wallMs();
    const monotonic = clock.monotonicMs();
    last = wall >= last ? wall : last + Math.max(0, monotonic - lastMonotonic);
    lastMonotonic = monotonic;
    return Math.floor(last);
  }

  return {
    now,
    atLeast(ms) {
      now();
      last = Math.max(last, ms);
    },
    beat() {
      const wall = clock.wallMs();
      const monotonic = clock.monotonicMs();
      const passedMs = monotonic - beatMonotonic;
      const instant = now();
      const jumped = Math.abs(wall - beatWall) > GAP_MS || passedMs > GAP_MS || instant - beatInstant - passedMs > GAP_MS;
      const gapSinceMs = beatInstant;
      beatWall = wall;
      beatMonotonic = monotonic;
      beatInstant = instant;
      return jumped ? { gapSinceMs } : undefined;
    },
  };
}
