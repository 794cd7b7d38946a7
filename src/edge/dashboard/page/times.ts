/** Spans of time as a person reads them. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units of a span, `12 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`; seconds only below ten minutes. */
export function span(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} s`;
  if (whole < 10 * MINUTE) return joined(whole, MINUTE, "min", SECOND, "s");
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  return whole < DAY ? joined(whole, HOUR, "h", MINUTE, "min") : joined(whole, DAY, "d", HOUR, "h");
}

function joined(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

export function ago(ms: number): string {
  return ms < 10 * SECOND ? "just now" : `${span(ms)} ago`;
}

export function left(ms: number): string {
  return ms <= 0 ? "over" : span(ms);
}
