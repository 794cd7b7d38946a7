/**
 * How two sides are compared: in blocks that alternate within one run, one ratio a block, and the limit twice in each
 * block, so that a machine that cannot be trusted says so.
 *
 * Nothing here measures. A side is a function that carries out one block and gives one figure.
 */

/** Blocks that count. */
export const BLOCKS = 20;

/** Blocks before them that do not: caches fill and code is compiled. */
export const DROPPED_BLOCKS = 3;

/** Operations in one block; fewer where an operation is the start of a process. */
export const OPERATIONS = 60;

/** How far the limit may differ from itself before its ratios say nothing. */
const NOISE = 0.25;

/** What most values are: the middle one, and those that a tenth is below and above. */
export interface Spread {
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}

export type Goal = { readonly atMost: number } | { readonly below: number } | { readonly atLeast: number };

export type Verdict = "met" | "missed" | "inconclusive" | "report";

/** Each carries out one block, or one operation, and gives its figure: milliseconds, or operations a second. */
export interface Sides {
  readonly limit: (block: number) => Promise<number>;
  readonly candidate: (block: number) => Promise<number>;
}

/** What one block gave: the limit before and after the candidate. */
export interface Block {
  readonly before: number;
  readonly between: number;
  readonly after: number;
}

export interface Comparison {
  /** Candidate by limit. */
  readonly ratio: Spread;
  /** Limit by limit: 1, were it not for noise. */
  readonly same: Spread;
  readonly limit: Spread;
  readonly candidate: Spread;
}

/** The value that `share` of the values are not above, between two neighbours where it falls between them. @throws RangeError without values */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new RangeError("there are no values");
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function spreadOf(values: readonly number[]): Spread {
  return { p10: percentile(values, 0.1), median: median(values), p90: percentile(values, 0.9) };
}

/** All operations of one side, then all of the other: what is fast is fast because it was just done. */
export function inTurn({ limit, candidate }: Sides): (block: number) => Promise<Block> {
  return async (block) => ({ before: await limit(block), between: await candidate(block), after: await limit(block) });
}

/** Operation by operation, for those that take long: what else the machine does falls on both sides alike. */
export function oneByOne({ limit, candidate }: Sides, operations: number): (block: number) => Promise<Block> {
  return async (block) => {
    const took: Block[] = [];
    for (let operation = 0; operation < operations; operation += 1) took.push(await inTurn({ limit, candidate })(block));
    const middle = (side: keyof Block) => median(took.map((one) => one[side]));
    return { before: middle("before"), between: middle("between"), after: middle("after") };
  };
}

/**
 * Carries out the blocks and gives what those behind the dropped ones say. A block's ratio is held against the mean of
 * its two limits, so that a machine which gets slower during a block speaks for neither side.
 */
export async function compare(carryOut: (block: number) => Promise<Block>, blocks: number, dropped = DROPPED_BLOCKS): Promise<Comparison> {
  const kept: Block[] = [];
  for (let block = 0; block < dropped + blocks; block += 1) {
    const made = await carryOut(block);
    if (block >= dropped) kept.push(made);
  }
  const mean = ({ before, after }: Block) => (before + after) / 2;
  return {
    ratio: spreadOf(kept.map((figures) => figures.between / mean(figures))),
    same: spreadOf(kept.map(({ before, after }) => after / before)),
    limit: spreadOf(kept.map(mean)),
    candidate: spreadOf(kept.map(({ between }) => between)),
  };
}

/** Whether the limit agrees with itself so badly that nothing can be said. */
export function isNoisy({ p10, p90 }: Spread): boolean {
  return p10 < 1 - NOISE || p90 > 1 + NOISE;
}

export function verdictOf(goal: Goal | undefined, { ratio, same }: Pick<Comparison, "ratio" | "same">): Verdict {
  if (goal === undefined) return "report";
  if (isNoisy(same)) return "inconclusive";
  return isReached(goal, ratio.median) ? "met" : "missed";
}

export function isReached(goal: Goal, figure: number): boolean {
  if ("below" in goal) return figure < goal.below;
  return "atMost" in goal ? figure <= goal.atMost : figure >= goal.atLeast;
}

/** Carries out `count` operations one after the other and gives how long half of them took at most, in milliseconds. */
export async function medianOf(count: number, operation: (index: number) => Promise<number>): Promise<number> {
  const took: number[] = [];
  for (let index = 0; index < count; index += 1) took.push(await operation(index));
  return median(took);
}
