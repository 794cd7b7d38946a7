/**
 * Who goes first among those that wait for the same thing.
 *
 * The higher priority goes first, and each minute of waiting counts as much as a rank of it, so nobody waits for ever
 * behind ever new ones. All age alike: who is before whom is settled when they come.
 */
import { PRIORITIES } from "../wire/priorities.ts";
import type { Revision } from "../wire/record.ts";

const RANKS: ReadonlyMap<string, number> = new Map(PRIORITIES.map((priority, rank) => [priority, rank]));

/** One that is not known counts as `normal`. */
export const rankOf = (priority: string): number => RANKS.get(priority) ?? PRIORITIES.indexOf("normal");

/** A rank of priority weighs as much as this much waiting. */
const RANK_MS = 60_000;

/** A place in the row. */
export interface Place {
  readonly priority: string;
  readonly sinceMs: number;
  readonly since: Revision;
}

/** As if it had come a minute earlier for each rank. */
const weightOf = ({ priority, sinceMs }: Place): number => sinceMs - rankOf(priority) * RANK_MS;

export function isBefore(one: Place, other: Place): boolean {
  return weightOf(one) - weightOf(other) < 0 || (weightOf(one) === weightOf(other) && one.since < other.since);
}
