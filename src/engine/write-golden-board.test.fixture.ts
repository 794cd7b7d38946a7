/** `npm run golden`: plays the golden day of a board on a real engine and writes its stream of the present release. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { board } from "../core/board/board.ts";
import { memoryStore } from "../store/memory.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import type { Json } from "../wire/json.ts";
import type { LogRecord } from "../wire/record.ts";
import { loops } from "./engine.test.fixture.ts";
import { createEngine } from "./engine.ts";
import { BOARD_FOLDER, type BoardRefusal, foldBoard, playBoardDay, sayingOfBoard } from "./golden-board.test.fixture.ts";
import { PRESENT_RELEASE, prettyState } from "./golden.test.fixture.ts";
import { silentLog } from "./log.ts";
import { createManualClock } from "./manual-clock.ts";
import { hashOf } from "./seal.ts";
import type { Outcome } from "./stream-host.ts";

const SESSION = "golden" as SessionId;

async function play(): Promise<{ readonly texts: string[]; readonly refusals: BoardRefusal[] }> {
  const clock = createManualClock();
  const store = memoryStore();
  const refusals: BoardRefusal[] = [];
  let processes = 0;

  async function open() {
    processes += 1;
    const engine = createEngine({ store, log: silentLog, node: `golden:${processes}`, clock, seedBase: `board${processes}x` });
    const { host } = await engine.open(board, SESSION, {});
    host.subscribe(() => undefined);
    return { engine, host };
  }
  let running = await open();

  await playBoardDay({
    async gives(command) {
      const { engine, host } = running;
      const facts = "requestId" in command ? { contentHash: hashOf(command as unknown as Json) } : {};
      const after = host.revision;
      const outcome = await new Promise<Outcome>((resolve) => {
        host.submit({ command, actor: { principal: "golden", verified: "asserted" }, facts: () => facts }, resolve);
      });
      if (outcome.ok) return { code: "ok", result: outcome.result ?? {} };
      refusals.push({ after, atMs: engine.nowMs(), facts, command, code: outcome.rejection.code });
      return { code: outcome.rejection.code, result: {} };
    },
    async pass(ms) {
      let left = ms;
      for (let step = clock.untilNextMs; step !== undefined && step <= left; step = clock.untilNextMs) {
        clock.advance(step);
        left -= step;
        await loops(3);
      }
      clock.advance(left);
      await loops();
    },
    async restart() {
      await running.engine.close();
      clock.sleep(60_000);
      running = await open();
    },
  });
  await running.engine.close();

  const texts: string[] = [];
  for await (const { text } of store.read(streamOf(SESSION, "board"), 0)) texts.push(text);
  return { texts, refusals };
}

const { texts, refusals } = await play();
const state = sayingOfBoard(foldBoard(texts.map((text) => JSON.parse(text) as LogRecord)));
const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");
mkdirSync(BOARD_FOLDER, { recursive: true });
for (const [ending, content] of [
  ["jsonl", lines(texts)],
  ["state.json", prettyState(state)],
  ["refusals.jsonl", lines(refusals.map((refusal) => JSON.stringify(refusal)))],
] as const) {
  writeFileSync(join(BOARD_FOLDER, `${PRESENT_RELEASE}.${ending}`), content);
}
process.stdout.write(`board ${PRESENT_RELEASE}: ${texts.length} records, ${refusals.length} refusals\n`);
