/**
 * How often something is looked at that costs time and is asked for by bursts of events: one look at a time, the first
 * shortly after it was asked for, and then none before a pause that grows with what the last one cost.
 *
 * Nothing that was asked for is forgotten: a look covers what was asked before it began, and what is asked while it runs
 * brings another one. After a long time without being asked there is a look all the same.
 */

export interface PaceOptions {
  /** Milliseconds from being asked to the look. */
  readonly delayMs: number;
  /** The pause after a look, in multiples of what it took. */
  readonly pauseFactor: number;
  /** Milliseconds from one look to the next when nobody asks, by what the last one took. */
  readonly unaskedMs: (tookMs: number) => number;
  /** Another clock in tests. */
  readonly clock?: PaceClock;
}

export interface PaceClock {
  /** Milliseconds by a clock that never goes back. */
  nowMs(): number;
  /** Acts once, later, unless disposed before. Keeps no process alive. */
  after(delayMs: number, act: () => void): Disposable;
}

export interface Pace<Seen> extends AsyncDisposable {
  /** Asks for a look when it is time. */
  ask(): void;
  /** What a look sees that begins after this call, without a pause before it. Undefined once it has ended. */
  now(): Promise<Seen | undefined>;
  /** No look begins any more. */
  end(): void;
}

const SYSTEM: PaceClock = {
  nowMs: () => performance.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs).unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** @param look - rejects with faults alone; they reach who waits for `now`. Disposing ends the pace and awaits a look in progress. */
export function createPace<Seen>(look: () => Promise<Seen>, options: PaceOptions): Pace<Seen> {
  const { delayMs, pauseFactor, unaskedMs, clock = SYSTEM } = options;
  let timer: Disposable | undefined;
  let running: Promise<Seen> | undefined;
  let next: Promise<Seen | undefined> | undefined;
  let askedAtMs: number | undefined;
  let endedAtMs = -Infinity;
  let tookMs = 0;
  let hasEnded = false;

  function begin(): Promise<Seen> {
    timer?.[Symbol.dispose]();
    askedAtMs = undefined;
    const beganAtMs = clock.nowMs();
    running = look().finally(() => {
      running = undefined;
      endedAtMs = clock.nowMs();
      tookMs = endedAtMs - beganAtMs;
      schedule();
    });
    return running;
  }

  function schedule(): void {
    if (hasEnded || running !== undefined || next !== undefined) return;
    const dueAtMs =
      askedAtMs === undefined ? endedAtMs + unaskedMs(tookMs) : Math.max(askedAtMs + delayMs, endedAtMs + pauseFactor * tookMs);
    timer?.[Symbol.dispose]();
    timer = clock.after(Math.max(0, dueAtMs - clock.nowMs()), () => void begin().catch(() => undefined));
  }

  async function beginAfter(earlier: Promise<Seen> | undefined): Promise<Seen | undefined> {
    await earlier?.catch(() => undefined);
    next = undefined;
    return hasEnded ? undefined : begin();
  }

  function end(): void {
    hasEnded = true;
    timer?.[Symbol.dispose]();
  }

  return {
    ask() {
      if (hasEnded || askedAtMs !== undefined) return;
      askedAtMs = clock.nowMs();
      schedule();
    },
    async now() {
      if (hasEnded) return undefined;
      if (next === undefined && running === undefined) return begin();
      next ??= beginAfter(running);
      return next;
    },
    end,
    async [Symbol.asyncDispose]() {
      end();
      await running?.catch(() => undefined);
    },
  };
}
