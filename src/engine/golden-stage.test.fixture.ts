/** How a golden stream of an aggregate is made: its day played on a real engine by a clock of its own, the same every time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Aggregate } from "../core/aggregate.ts";
import { memoryStore } from "../store/memory.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import type { LogRecord, Revision, TaggedEvent } from "../wire/record.ts";
import { timePasses } from "./engine.test.fixture.ts";
import { createEngine } from "./engine.ts";
import { PRESENT_RELEASE, prettyState } from "./golden.test.fixture.ts";
import { silentLog } from "./log.ts";
import { createManualClock } from "./manual-clock.test.fixture.ts";
import type { Outcome } from "./stream-host.ts";

export const GOLDEN_SESSION = "golden" as SessionId;

/** A command that was not carried out, and everything that its decision was told. */
export interface Refused<Command, Facts> {
  readonly after: Revision;
  readonly atMs: number;
  readonly facts: Facts;
  readonly command: Command;
  readonly code: string;
}

export interface GoldenStage<Command, Facts> {
  /** Gives `ok` or the code of the refusal, and what the sender was given. */
  readonly gives: (command: Command, facts?: Facts) => Promise<{ readonly code: string; readonly result: Json }>;
  readonly pass: (ms: number) => Promise<void>;
  /** The process dies, as far as the log knows, and another one opens it a minute later. */
  readonly restart: () => Promise<void>;
}

export interface Golden<State, Command, Event extends TaggedEvent, Facts extends JsonObject> {
  readonly aggregate: Aggregate<State, Command, Event, Facts>;
  readonly settings: JsonObject;
  readonly folder: string;
  /** What a state says, in a form that outlives its representation. */
  readonly sayingOf: (state: Readonly<State>) => Json;
  readonly day: (stage: GoldenStage<Command, Facts>) => Promise<void>;
}

export function foldWith<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  aggregate: Aggregate<State, Command, Event, Facts>,
  records: readonly LogRecord[],
): State {
  const state = aggregate.initial();
  for (const record of records) for (const event of record.events) aggregate.evolve(state, aggregate.readEvent(event), record);
  return state;
}

/** Plays its day and writes its stream of the present release. */
export async function writeGolden<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  golden: Golden<State, Command, Event, Facts>,
): Promise<void> {
  const { aggregate, folder, sayingOf } = golden;
  const { texts, refusals } = await played(golden);
  const state = sayingOf(
    foldWith(
      aggregate,
      texts.map((text) => JSON.parse(text) as LogRecord),
    ),
  );
  const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");
  mkdirSync(folder, { recursive: true });
  for (const [ending, content] of [
    ["jsonl", lines(texts)],
    ["state.json", prettyState(state)],
    ["refusals.jsonl", lines(refusals.map((refusal) => JSON.stringify(refusal)))],
  ] as const) {
    writeFileSync(join(folder, `${PRESENT_RELEASE}.${ending}`), content);
  }
  process.stdout.write(`${aggregate.name} ${PRESENT_RELEASE}: ${texts.length} records, ${refusals.length} refusals\n`);
}

async function played<State, Command, Event extends TaggedEvent, Facts extends JsonObject>({
  aggregate,
  settings,
  day,
}: Golden<State, Command, Event, Facts>) {
  const clock = createManualClock();
  const store = memoryStore();
  const refusals: Refused<Command, Facts>[] = [];
  let processes = 0;

  async function open() {
    processes += 1;
    const seedBase = `${aggregate.name}${processes}x`;
    const engine = createEngine({ store, log: silentLog, node: `golden:${processes}`, clock, seedBase });
    const { host } = await engine.open(aggregate, GOLDEN_SESSION, settings);
    host.subscribe(() => undefined);
    return { engine, host };
  }
  let running = await open();

  await day({
    async gives(command, facts = {} as Facts) {
      const { engine, host } = running;
      const after = host.revision;
      const outcome = await new Promise<Outcome>((resolve) => {
        host.submit({ command, actor: { principal: "golden", verified: "asserted" }, facts: () => facts }, resolve);
      });
      if (outcome.ok) return { code: "ok", result: outcome.result ?? {} };
      refusals.push({ after, atMs: engine.nowMs(), facts, command, code: outcome.rejection.code });
      return { code: outcome.rejection.code, result: {} };
    },
    async pass(ms) {
      await timePasses(clock, ms);
    },
    async restart() {
      await running.engine.close();
      clock.sleep(60_000);
      running = await open();
    },
  });
  await running.engine.close();

  const texts: string[] = [];
  for await (const { text } of store.read(streamOf(GOLDEN_SESSION, aggregate.name), 0)) texts.push(text);
  return { texts, refusals };
}
