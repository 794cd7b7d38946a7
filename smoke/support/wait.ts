/** Waiting for what another process does: looked at until it is so, never longer than a limit, and never by a fixed pause alone. */
import { setTimeout as pause } from "node:timers/promises";

/** Milliseconds that anything may take on a busy machine. */
export const PATIENCE_MS = 60_000;

/**
 * Looks until `look` gives something, and gives that.
 *
 * @throws Error that names `what` after `limitMs` milliseconds
 */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  limitMs = PATIENCE_MS,
): Promise<Found> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`${what} did not come about within ${limitMs} ms`);
    await pause(25);
  }
}

/** Waits for `promise`, but no longer than the limit. @throws Error that names `what` */
export async function within<Result>(what: string, promise: Promise<Result>, limitMs = PATIENCE_MS): Promise<Result> {
  const stop = new AbortController();
  const late = pause(limitMs, undefined, { signal: stop.signal }).then(
    () => {
      throw new Error(`${what} did not come about within ${limitMs} ms`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}
