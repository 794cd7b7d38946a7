/** How points in time and spans are said in a sentence, and how long a call may take for its turn. */

/** How long a call waits for its turn when it does not say, and at most, in seconds: hosts give up on a call after a minute. */
export const DEFAULT_WAIT_S = 30;
export const MOST_WAIT_S = 50;

/** How long a place in a queue is kept for the next call, in seconds. */
export const PLACE_SEC = 120;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `45 s`, `4 min`, `2 h 5 min`, `3 d`. Rounded down; less than nothing is `0 s`. */
export function span(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms >= 2 * DAY_MS) return `${Math.floor(ms / DAY_MS)} d`;
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  return `${Math.floor(ms / HOUR_MS)} h${minutes === 0 ? "" : ` ${minutes} min`}`;
}

/** `14:03Z`, with the date in front when that is another day (UTC). Unreadable text comes back as `an unknown time`. */
export function clock(instant: string, nowMs: number): string {
  const atMs = Date.parse(instant);
  if (Number.isNaN(atMs)) return "an unknown time";
  const written = new Date(atMs).toISOString();
  const [day, time] = [written.slice(0, 10), written.slice(11, 16)] as const;
  return new Date(nowMs).toISOString().startsWith(day) ? `${time}Z` : `${day} ${time}Z`;
}

/** `since 14:03Z (for 4 min)` */
export function since(instant: string, nowMs: number): string {
  return `since ${clock(instant, nowMs)}${aside("for ", nowMs - Date.parse(instant))}`;
}

/** `at 14:03Z (4 min ago)` */
export function ago(instant: string, nowMs: number): string {
  return `at ${clock(instant, nowMs)}${aside("", nowMs - Date.parse(instant), " ago")}`;
}

/** `until 15:03Z (56 min left)` */
export function until(instant: string, nowMs: number): string {
  return `until ${clock(instant, nowMs)}${aside("", Date.parse(instant) - nowMs, " left")}`;
}

/** `56 min left`, or nothing that can be read. */
export function left(instant: string, nowMs: number): string {
  const ms = Date.parse(instant) - nowMs;
  return Number.isNaN(ms) ? "end unknown" : `${span(ms)} left`;
}

function aside(before: string, ms: number, after = ""): string {
  return Number.isNaN(ms) ? "" : ` (${before}${span(ms)}${after})`;
}
