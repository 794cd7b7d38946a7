/** How long a tool call that writes takes over `/mcp`, until it is on the disk: against a bare Hono POST and one commit. */
import { compare, DROPPED_BLOCKS, inTurn, medianOf, OPERATIONS, spreadOf } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { spreadText } from "./report.ts";
import { openCommitProbe } from "./support/commit-probe.ts";
import { callLegacy, callModern, type McpCaller, resultIn } from "./support/mcp-caller.ts";
import { createOwned } from "./support/owned.ts";
import { startSidecar } from "./support/peers.ts";
import { connectPoster, startBare } from "./support/poster.ts";

/** Calls before the first block. */
const WARM = 200;

let drawn = 0;

/** Begins a task on a file that nobody has, and tells how long that took. The task is yielded behind the clock's back. */
const timedTask = ({ poster, callOf }: McpCaller) =>
  async function begin(): Promise<number> {
    const files = [`src/part-${(drawn += 1)}.ts`];
    const { body, headers } = callOf("begin_task", { objective: "Move the session's clock behind its own interface", files });
    const answered = await poster.post(body, headers);
    const begun = resultIn(answered);
    mustBe(begun["status"] === "ok", `begin_task answered ${answered.text}`);
    const over = callOf("yield_task", { intent_id: begun["intent_id"] });
    mustBe(resultIn(await poster.post(over.body, over.headers))["status"] === "ok", "a task is given back");
    return answered.took;
  };

const timedMessage = ({ poster, callOf }: McpCaller) =>
  async function say(): Promise<number> {
    const { body, headers } = callOf("post_message", { topic: "bench", body: `The clock is behind its interface, ${(drawn += 1)}` });
    const answered = await poster.post(body, headers);
    mustBe(resultIn(answered)["ok"] === true, `post_message answered ${answered.text}`);
    return answered.took;
  };

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  using probe = openCommitProbe(bench.scratch.folder, "commit");
  const sidecar = owned.use(await startSidecar(bench, "mcp-write"));
  const bare = owned.use(await startBare(bench));
  const parrot = owned.use(connectPoster(bare.url));
  const modern = owned.use(callModern(sidecar));
  const legacy = owned.use(await callLegacy(sidecar));

  const { body, headers } = modern.callOf("begin_task", {
    objective: "Move the session's clock behind its own interface",
    files: ["a.ts"],
  });
  const once = await modern.poster.post(body, headers);
  mustBe(resultIn(once)["status"] === "ok", `begin_task answered ${once.text}`);
  await parrot.put(once.text);
  const ask = {
    bare: async () => (await parrot.post(body, headers)).took,
    task: timedTask(modern),
    message: timedMessage(modern),
    inSession: timedTask(legacy),
  };
  for (const side of Object.values(ask)) await medianOf(WARM, side);

  let limit = 0;
  const others: Record<"message" | "inSession", number[]> = { message: [], inSession: [] };
  const comparison = await compare(
    inTurn({
      limit: async () => (limit = (await medianOf(OPERATIONS, ask.bare)) + probe.commit(OPERATIONS)),
      async candidate(block) {
        const p50 = await medianOf(OPERATIONS, ask.task);
        if (block < DROPPED_BLOCKS) return p50;
        for (const name of ["message", "inSession"] as const) others[name].push((await medianOf(OPERATIONS, ask[name])) / limit);
        return p50;
      },
    }),
    bench.blocks,
  );
  const shown = (ratios: readonly number[]): string => spreadText(spreadOf(ratios));
  const notes = [
    `begin_task in 2026-07-28; in a session of 2025-11-25 ${shown(others.inSession)}; post_message in 2026-07-28 ${shown(others.message)}`,
  ];
  return { kind: "comparison", unit: "ms", comparison, notes };
}

export const mcpWrite: Measurement = {
  name: "mcp-write",
  what: "`tools/call` that writes, over `/mcp`, p50",
  against: "bare Hono POST + one FULL commit",
  goal: { atMost: 1.5 },
  isLone: true,
  measure,
};
