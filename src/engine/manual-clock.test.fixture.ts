/** A clock that a test moves by hand: the wall clock and the monotonic clock each by itself, timers when time passes. */
import type { Clock } from "./clock.ts";

export interface ManualClock extends Clock {
  /** Time passes: both clocks run, and what falls due on the way is woken in order, each at its own moment. */
  advance(ms: number): void;
  /** Both clocks have moved when somebody looks again, and nothing ran meanwhile: the process was stopped, the machine slept. */
  sleep(ms: number): void;
  /** The wall clock is set by `ms`, forwards or backwards; no time passes. */
  setWall(ms: number): void;
  /** The monotonic clock alone moves: somebody set the wall clock back by as much while the machine slept. */
  skipMonotonic(ms: number): void;
  /** Milliseconds until the next timer, 0 when it is overdue; undefined when none is set. */
  readonly untilNextMs: number | undefined;
}

export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  const timers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  let wall = startMs;
  let monotonic = 0;

  function first() {
    return [...timers].sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  function move(ms: number): void {
    wall += ms;
    monotonic += ms;
  }

  return {
    wallMs: () => wall,
    monotonicMs: () => monotonic,
    after(delayMs, wake) {
      const timer = { dueMs: monotonic + Math.max(0, delayMs), wake };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    advance(ms) {
      const untilMs = monotonic + ms;
      for (let timer = first(); timer !== undefined && timer.dueMs <= untilMs; timer = first()) {
        timers.delete(timer);
        move(Math.max(0, timer.dueMs - monotonic));
        timer.wake();
      }
      move(untilMs - monotonic);
    },
    sleep: move,
    setWall(ms) {
      wall += ms;
    },
    skipMonotonic(ms) {
      monotonic += ms;
    },
    get untilNextMs() {
      const timer = first();
      return timer === undefined ? undefined : Math.max(0, timer.dueMs - monotonic);
    },
  };
}
