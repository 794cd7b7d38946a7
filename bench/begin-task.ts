/** How long an agent waits for `begin_task`, through a bridge that has joined, against an announcement of the same size without one. */
import { startHost } from "../smoke/support/mcp-host.ts";
import { compare, DROPPED_BLOCKS, inTurn, median, medianOf, OPERATIONS } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { startSidecar } from "./support/peers.ts";
import { announcements, joinSession, timeEach, warmUp, withdrawal } from "./support/talker.ts";

const PRINCIPAL = "ana";

async function measure(bench: Bench): Promise<Measured> {
  const paths = Array.from({ length: (DROPPED_BLOCKS + bench.blocks) * OPERATIONS }, (_, index) => `lib/part-${index % 97}/clock-${index}`);
  const files = Object.fromEntries(paths.map((path) => [`${path}.ts`, "export const clock = 1;\n"]));
  await using sidecar = await startSidecar(bench, "begin-task", files);
  await using ana = await joinSession(sidecar.uri, PRINCIPAL);
  await warmUp(ana, PRINCIPAL);
  await using host = await startHost({ name: "bench", cwd: sidecar.repository, env: bench.env });
  let ids: string[] = [];

  /** A file that is there and one that is to be written beside it. */
  async function begin(): Promise<number> {
    const path = paths.pop();
    const began = performance.now();
    const { structured } = await host.call("begin_task", {
      objective: "Move the session's clock behind its own interface",
      files: [`${path}.ts`, `${path}.test.ts`],
    });
    const took = performance.now() - began;
    mustBe(structured["status"] === "ok", `begin_task answered ${JSON.stringify(structured)}`);
    ids.push(String(structured["intent_id"]));
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
      async candidate() {
        const p50 = await medianOf(OPERATIONS, begin);
        mustBe(new Set(ids).size === OPERATIONS, "each task has an id of its own");
        for (const id of ids) await host.call("yield_task", { intent_id: id });
        ids = [];
        return p50;
      },
    }),
    bench.blocks,
  );
  return { kind: "comparison", unit: "ms", comparison, notes: [] };
}

export const beginTask: Measurement = {
  name: "begin-task",
  what: "`begin_task` through MCP stdio, sidecar warm, p50",
  against: "durable announce",
  goal: { atMost: 2 },
  measure,
};
