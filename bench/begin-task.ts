/** How long an agent waits for `begin_task`, through a bridge that has joined, against an announcement of the same size without one. */
import { startHost } from "../smoke/support/mcp-host.ts";
import type { Members } from "../smoke/support/mpac-client.ts";
import { compare, DROPPED_BLOCKS, inTurn, median, medianOf, OPERATIONS, spreadOf } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { spreadText } from "./report.ts";
import { startSidecar } from "./support/peers.ts";
import { callOverPipe, resultOf } from "./support/pipe-caller.ts";
import { announcements, joinSession, timeEach, warmUp, withdrawal } from "./support/talker.ts";

const PRINCIPAL = "ana";

/** Of the client whose figure stands in the row, and of the SDK's. */
const CLIENTS = 2;

async function measure(bench: Bench): Promise<Measured> {
  const paths = Array.from(
    { length: CLIENTS * (DROPPED_BLOCKS + bench.blocks) * OPERATIONS },
    (_, index) => `lib/part-${index % 97}/clock-${index}`,
  );
  const files = Object.fromEntries(paths.map((path) => [`${path}.ts`, "export const clock = 1;\n"]));
  await using sidecar = await startSidecar(bench, "begin-task", files);
  await using ana = await joinSession(sidecar.uri, PRINCIPAL);
  await warmUp(ana, PRINCIPAL);
  const place = { cwd: sidecar.repository, env: bench.env };
  await using bare = await callOverPipe(place);
  await using host = await startHost({ ...place, name: "bench" });
  const bySdk: number[] = [];

  /** A file that is there and one that is to be written beside it. */
  function task(): Members {
    const path = paths.pop();
    return { objective: "Move the session's clock behind its own interface", files: [`${path}.ts`, `${path}.test.ts`] };
  }

  function begun(result: Members): string {
    mustBe(result["status"] === "ok", `begin_task answered ${JSON.stringify(result)}`);
    return String(result["intent_id"]);
  }

  /** The median of a block, whose tasks are given back when all have been begun. */
  async function block(begin: (ids: string[]) => Promise<number>, giveBack: (id: string) => Promise<unknown>): Promise<number> {
    const ids: string[] = [];
    const p50 = await medianOf(OPERATIONS, () => begin(ids));
    mustBe(new Set(ids).size === OPERATIONS, "each task has an id of its own");
    for (const id of ids) await giveBack(id);
    return p50;
  }

  async function beginBare(ids: string[]): Promise<number> {
    const line = bare.lineOf("begin_task", task());
    const began = performance.now();
    const answer = await bare.ask(line);
    const took = performance.now() - began;
    ids.push(begun(resultOf(answer)));
    return took;
  }

  async function beginBySdk(ids: string[]): Promise<number> {
    const args = task();
    const began = performance.now();
    const { structured } = await host.call("begin_task", args);
    const took = performance.now() - began;
    ids.push(begun(structured));
    return took;
  }

  const comparison = await compare(
    inTurn({
      async limit() {
        const announced = announcements(PRINCIPAL, OPERATIONS);
        const { took } = await timeEach(
          ana,
          announced.map(({ text }) => text),
        );
        await ana.askAll(announced.map((one) => withdrawal(PRINCIPAL, one)));
        return median(took);
      },
      async candidate(number) {
        const sdk = await block(beginBySdk, (id) => host.call("yield_task", { intent_id: id }));
        const p50 = await block(beginBare, (id) => bare.ask(bare.lineOf("yield_task", { intent_id: id })));
        if (number >= DROPPED_BLOCKS) bySdk.push(sdk / p50);
        return p50;
      },
    }),
    bench.blocks,
  );
  const notes = [
    `${spreadText(spreadOf(bySdk))} × as long through the client of the SDK, version 1, which holds the answer against its schema`,
  ];
  return { kind: "comparison", unit: "ms", comparison, notes };
}

export const beginTask: Measurement = {
  name: "begin-task",
  what: "`begin_task` through MCP stdio, sidecar warm, p50",
  against: "durable announce",
  goal: { atMost: 2 },
  isLone: true,
  measure,
};
