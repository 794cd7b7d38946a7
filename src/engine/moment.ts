/** What a decision may know, made from what its record keeps: the same record gives the same moment again. */
import type { Moment } from "../core/aggregate.ts";
import type { JsonObject } from "../wire/json.ts";

export interface Circumstances<Facts extends JsonObject> {
  readonly atMs: number;
  readonly seed: string;
  readonly facts: Facts;
}

export function momentOf<Facts extends JsonObject>({ atMs, seed, facts }: Circumstances<Facts>): Moment<Facts> {
  let drawn = 0;
  return { atMs, facts, newId: (prefix) => `${prefix}-${seed}-${(drawn += 1)}` };
}
