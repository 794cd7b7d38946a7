/**
 * How long to wait before the next attempt: twice as long as before the last one, and never quite as long as anybody else
 * who lost the same sidecar in the same moment.
 */

export interface Pace {
  readonly firstMs: number;
  readonly mostMs: number;
  /** From 0 up to 1, drawn anew at every call. */
  readonly chance?: () => number;
}

/** Milliseconds before attempt `attempt`, counted from 0: between half of the step and the whole of it. */
export function delayBefore(attempt: number, { firstMs, mostMs, chance = Math.random }: Pace): number {
  const step = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return step / 2 + (step / 2) * chance();
}

/** Resolves after `ms`, or at once when `signal` fires. With `idle` the wait keeps no process alive. */
export function pause(ms: number, signal: AbortSignal, { idle = false }: { idle?: boolean } = {}): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (idle) timer.unref();
    signal.addEventListener("abort", end, { once: true });
  });
}
