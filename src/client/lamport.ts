/**
 * The logical clock of one incarnation of a participant (SPEC 12.7): 1, 2, 3 and on, always above what it has heard.
 */

/** A received value further ahead than this is nonsense or hostile, and is ignored. */
const LEAP = 2 ** 32;

export interface LamportClock {
  /** The value of the next message; higher than every one before. */
  next(): number;
  /** Takes notice of a received value; anything that is no whole number is ignored. */
  hear(value: unknown): void;
}

export function createLamportClock(): LamportClock {
  let clock = 0;
  return {
    next: () => (clock += 1),
    hear(value) {
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > clock + LEAP) return;
      clock = Math.max(clock, value) + 1;
    },
  };
}
