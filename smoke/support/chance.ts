/** Chance that can be had again: the same seed gives the same numbers (mulberry32). */

export interface Chance {
  readonly seed: number;
  /** A whole number from 0 up to `below`, exclusive. */
  below(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { seed, below, pick: (items) => items[below(items.length)] as never };
}

/** The seed that was asked for, else one of the moment. */
export function seedFrom(text: string | undefined): number {
  return text === undefined || text === "" ? Date.now() % 2 ** 31 : Number(text);
}
