/**
 * How long ago something was, by two clocks of which neither is to be trusted alone: the wall clock may be set, and the
 * other one stands still on some systems while the machine sleeps.
 *
 * Whoever must not be too late asks for the longer time, whoever must not be too hasty for the shorter.
 */

export interface Instant {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Milliseconds since some moment; never runs backwards. */
  readonly monotonicMs: number;
}

export const systemNow = (): Instant => ({ wallMs: Date.now(), monotonicMs: performance.now() });

export function longestSince(then: Instant, now: Instant): number {
  return Math.max(now.wallMs - then.wallMs, now.monotonicMs - then.monotonicMs);
}

export function shortestSince(then: Instant, now: Instant): number {
  return Math.min(now.wallMs - then.wallMs, now.monotonicMs - then.monotonicMs);
}

/** The instant `ms` milliseconds before `now`. */
export function earlier(now: Instant, ms: number): Instant {
  return { wallMs: now.wallMs - ms, monotonicMs: now.monotonicMs - ms };
}
