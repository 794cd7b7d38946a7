/**
 * How a smoke runs: one line a step, exit code 1 on the first that does not hold, with what was expected and what was
 * seen, and everything it opened closed again, also when it is interrupted.
 */
import { AssertionError } from "node:assert/strict";
import { inspect, parseArgs } from "node:util";

export interface Smoke {
  /** Folder that `--workspace` names; the working directory by default. */
  readonly workspace: string;
  /** Further options by name. */
  readonly options: Readonly<Record<string, string | undefined>>;
  /** Carries out one step and prints its line. `act` throws when the step does not hold; a text that it gives is printed too. */
  step<Result>(sentence: string, act: () => Promise<Result> | Result): Promise<Result>;
  /** A remark between the steps. */
  say(remark: string): void;
  /** Closes `thing` at the end, in the opposite order. */
  own<Thing extends AsyncDisposable>(thing: Thing): Thing;
}

export interface SmokeOptions {
  /** Options beyond `--workspace`, by name, with their defaults. */
  readonly options?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly print?: (line: string) => void;
}

/**
 * Runs a smoke and gives its exit code: 0 when every step held, 1 otherwise, 130 when it was interrupted.
 */
export async function carrySmoke(act: (smoke: Smoke) => Promise<void>, options: SmokeOptions = {}): Promise<number> {
  const { print = (line) => void process.stdout.write(`${line}\n`), args = process.argv.slice(2) } = options;
  const owned: AsyncDisposable[] = [];
  let steps = 0;
  const read = readOptions(args, options.options ?? {});

  async function close(): Promise<void> {
    for (let thing = owned.pop(); thing !== undefined; thing = owned.pop()) await thing[Symbol.asyncDispose]();
  }
  let interrupt: (code: number) => void = () => undefined;
  const interrupted = new Promise<number>((resolve) => {
    interrupt = resolve;
  });
  const onSignal = (): void => interrupt(130);
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  process.stdout.on("error", onSignal); // whoever read it has gone

  const smoke: Smoke = {
    workspace: read["workspace"] ?? ".",
    options: read,
    async step(sentence, carryOut) {
      const name = `${String((steps += 1)).padStart(2)}  ${sentence}`;
      try {
        const result = await carryOut();
        print(`ok ${name}${typeof result === "string" && result !== "" ? ` (${result})` : ""}`);
        return result;
      } catch (error) {
        print(`not ok ${name}`);
        throw error;
      }
    },
    say: (remark) => print(`   ${remark}`),
    own(thing) {
      owned.push(thing);
      return thing;
    },
  };

  const carried = act(smoke).then(
    () => 0,
    (error: unknown) => {
      for (const line of explain(error)) print(`     ${line}`);
      return 1;
    },
  );
  try {
    return await Promise.race([carried, interrupted]);
  } finally {
    await close();
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    process.stdout.off("error", onSignal);
  }
}

/** Runs the smoke of a script. */
export async function runSmoke(act: (smoke: Smoke) => Promise<void>, options: SmokeOptions = {}): Promise<void> {
  const code = await carrySmoke(act, options).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  });
  process.exitCode = code;
  // What was interrupted may still hang on a process that has gone.
  if (code === 130) process.exit();
}

function readOptions(args: readonly string[], defaults: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const names = ["workspace", ...Object.keys(defaults)];
  const { values } = parseArgs({ args: [...args], options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])) });
  return { workspace: ".", ...defaults, ...(values as Record<string, string | undefined>) };
}

function explain(error: unknown): string[] {
  if (!(error instanceof AssertionError)) return (error instanceof Error ? error.message : inspect(error)).split("\n");
  const shown = (value: unknown): string => inspect(value, { depth: 6, breakLength: 120, maxStringLength: 2_000 });
  return [...ownWords(error), `expected: ${shown(error.expected)}`, `seen:     ${shown(error.actual)}`].flatMap((line) => line.split("\n"));
}

/** The sentence that the step gave. Node puts a comparison behind it, which is said better here. */
function ownWords(error: AssertionError): string[] {
  if (error.generatedMessage) return [];
  const lines = error.message.split("\n");
  const end = lines.findIndex((line) => line === "" || line.startsWith("+ actual"));
  return end < 0 ? lines : lines.slice(0, end);
}
