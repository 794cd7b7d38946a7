/** What a campaign is: one round after the other, each of which holds or throws, and a word at the end. */
import type { Chance } from "../support/chance.ts";

/** Whatever a round holds is closed with it, also when the campaign is interrupted. */
export type Own = <Thing extends AsyncDisposable>(thing: Thing) => Thing;

export interface Rounds extends AsyncDisposable {
  /** Carries out one round and gives what it saw, in a few words. */
  round(own: Own): Promise<string>;
  /** What must hold after the last round, and what all of them came to, in a few words; without it the last round's. */
  finish?(): Promise<string>;
}

export interface Campaign {
  readonly sentence: string;
  /** Rounds when the command line names none. */
  readonly rounds: number;
  /** Rounds from one printed line to the next. */
  readonly every: number;
  readonly start: (draw: Chance, options: Readonly<Record<string, string | undefined>>) => Promise<Rounds>;
}

/** Rounds that have nothing in common. */
export function apart(round: Rounds["round"]): Promise<Rounds> {
  return Promise.resolve({ round, [Symbol.asyncDispose]: () => Promise.resolve() });
}

/** Rounds that cannot be carried out here, which is said. */
export function skipped(why: string): Promise<Rounds> {
  return apart(() => Promise.resolve(`skipped: ${why}`));
}
