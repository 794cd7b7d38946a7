/** `npm run golden`: plays the golden day on a real engine and writes the stream of the present release. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { session } from "../core/session/session.ts";
import { memoryStore } from "../store/memory.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import { ClientMessage } from "../wire/mpac/messages.ts";
import { type LogRecord, SELF } from "../wire/record.ts";
import { timePasses } from "./engine.test.fixture.ts";
import { createEngine, type Engine } from "./engine.ts";
import { playGoldenDay, type Stage } from "./golden-day.test.fixture.ts";
import { foldOf, GOLDEN_FOLDER, type GoldenRefusal, PRESENT_RELEASE, prettyState, sayingOf } from "./golden.test.fixture.ts";
import { silentLog } from "./log.ts";
import { createManualClock } from "./manual-clock.test.fixture.ts";
import { hashOf } from "./seal.ts";
import type { Outcome } from "./stream-host.ts";

const SESSION = "golden" as SessionId;
const STREAM = streamOf(SESSION, "session");

async function play(): Promise<{ readonly texts: string[]; readonly refusals: GoldenRefusal[] }> {
  const clock = createManualClock();
  const store = memoryStore();
  const refusals: GoldenRefusal[] = [];
  let [messages, processes] = [0, 0];

  const open = async (
    settings: JsonObject = {},
  ): Promise<{
    engine: Engine;
    host: Awaited<ReturnType<typeof openSession>>["host"];
    heard: (who: string) => void;
  }> => {
    processes += 1;
    const engine = createEngine({ store, log: silentLog, node: `golden:${processes}`, clock, seedBase: `golden${processes}x` });
    const { host, presence } = await openSession(engine, settings);
    host.subscribe(() => undefined);
    return { engine, host, heard: (who) => presence.heard(who, engine.nowMs()) };
  };
  const openSession = (engine: Engine, settings: JsonObject) => engine.open(session, SESSION, { root: "/work", ...settings });
  let running = await open();

  const saysAs: Stage["saysAs"] = async (instance, principal, type, payload, more = {}) => {
    const sender = { principal_id: principal, principal_type: "agent", sender_instance_id: `${principal}:${instance}` };
    const command = ClientMessage.parse({ message_type: type, message_id: `m${(messages += 1)}`, sender, payload });
    const facts = { contentHash: hashOf([type, payload]), ...more };
    const { engine, host, heard } = running;
    heard(principal);
    const after = host.revision;
    const outcome = await new Promise<Outcome>((resolve) => {
      host.submit({ command, actor: { principal, verified: "asserted" }, facts: () => facts }, resolve);
    });
    if (outcome.ok) return "ok";
    refusals.push({ after, atMs: engine.nowMs(), facts, command, code: outcome.rejection.code });
    return outcome.rejection.code;
  };

  async function pass(ms: number): Promise<void> {
    await timePasses(clock, ms);
  }

  await playGoldenDay({
    saysAs,
    says: (principal, ...said) => saysAs("1", principal, ...said),
    async loses(principal) {
      await new Promise((resolve) => running.host.submit({ command: { type: "ConnectionLost", principal }, actor: SELF }, resolve));
    },
    conflicts: () => running.host.query(({ liveConflicts }) => [...liveConflicts]),
    fenceOf: (id) => running.host.query(({ intents }) => intents.get(id as never)?.fence ?? 0),
    nowMs: () => running.engine.nowMs(),
    pass,
    async sleep(ms) {
      clock.sleep(ms);
      await pass(5_000);
    },
    async restart(settings) {
      await running.engine.close();
      clock.sleep(60_000);
      running = await open(settings);
    },
  });
  await running.engine.close();

  const texts: string[] = [];
  for await (const { text } of store.read(STREAM, 0)) texts.push(text);
  return { texts, refusals };
}

const { texts, refusals } = await play();
const state = sayingOf(foldOf(texts.map((text) => JSON.parse(text) as LogRecord)));
const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");
mkdirSync(GOLDEN_FOLDER, { recursive: true });
for (const [ending, content] of [
  ["jsonl", lines(texts)],
  ["state.json", prettyState(state)],
  ["refusals.jsonl", lines(refusals.map((refusal) => JSON.stringify(refusal as unknown as Json)))],
] as const) {
  writeFileSync(join(GOLDEN_FOLDER, `${PRESENT_RELEASE}.${ending}`), content);
}
process.stdout.write(`${PRESENT_RELEASE}: ${texts.length} records, ${refusals.length} refusals\n`);
