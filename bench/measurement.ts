/** What a measurement is: a row of the table, and how it is filled. */
import type { Scratch } from "../smoke/support/scratch.ts";
import type { Comparison, Goal, Verdict } from "./method.ts";

export interface Measurement {
  /** By which `npm run bench -- NAME` asks for it. */
  readonly name: string;
  readonly what: string;
  /** What its figure is a ratio to. */
  readonly against: string;
  /** Without a goal it is told and not judged. */
  readonly goal?: Goal;
  /** One caller waits for one answer at a time: it and what it asks have a processor each, where there are two. */
  readonly isLone?: true;
  /** Why it cannot be made here; nothing when it can. */
  readonly missing?: () => string | undefined;
  /** @throws WrongResult when the program did not do what was timed */
  readonly measure: (bench: Bench) => Promise<Measured>;
}

export interface Bench {
  /** Blocks that count. */
  readonly blocks: number;
  /** A folder of this measurement's own. */
  readonly scratch: Scratch;
  /** What measured programs see of the world: the scratch's, and of this process what slows or speeds every Node. */
  readonly env: NodeJS.ProcessEnv;
}

export type Measured = {
  readonly notes: readonly string[];
} & (
  | { readonly kind: "comparison"; readonly unit: Unit; readonly comparison: Comparison }
  | { readonly kind: "figures"; readonly verdict: Verdict; readonly shown: string; readonly figures: Readonly<Record<string, number>> }
);

export type Unit = "ms" | "a second";

/** What was timed is not what should have happened, so its time says nothing. */
export class WrongResult extends Error {
  override readonly name = "WrongResult";
}

export function mustBe(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new WrongResult(sentence);
}

/** Variables that change how fast every Node of this machine starts or runs. */
const FELT_BY_NODE = ["NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_COMPILE_CACHE"];

export function environmentOf(scratch: Scratch): NodeJS.ProcessEnv {
  const felt = FELT_BY_NODE.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...scratch.env, ...Object.fromEntries(felt) };
}
