/** How long a tool call that only reads takes over `/mcp`, against a bare Hono that answers a POST with the same bytes. */
import { compare, DROPPED_BLOCKS, inTurn, medianOf, OPERATIONS, spreadOf } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { spreadText } from "./report.ts";
import { callLegacy, callModern, type McpCaller, resultIn } from "./support/mcp-caller.ts";
import { createOwned } from "./support/owned.ts";
import { startSidecar } from "./support/peers.ts";
import { connectPoster, startBare } from "./support/poster.ts";

/** Calls before the first block: code is compiled, and the bare server learns its answer. */
const WARM = 500;

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  const sidecar = owned.use(await startSidecar(bench, "mcp-read"));
  const bare = owned.use(await startBare(bench));
  const parrot = owned.use(connectPoster(bare.url));
  const modern = owned.use(callModern(sidecar));
  const legacy = owned.use(await callLegacy(sidecar));

  const timed = ({ poster, callOf }: McpCaller) => {
    const { body, headers } = callOf("who_is_working", {});
    return async (): Promise<number> => {
      const answered = await poster.post(body, headers);
      mustBe(answered.status === 200 && answered.text.includes('"active_intent_count"'), `answered ${answered.text}`);
      return answered.took;
    };
  };
  const { body, headers } = modern.callOf("who_is_working", {});
  const once = await modern.poster.post(body, headers);
  mustBe(resultIn(once)["active_intent_count"] === 0, "nobody works here yet");
  await parrot.put(once.text);
  const ask = { bare: async () => (await parrot.post(body, headers)).took, modern: timed(modern), legacy: timed(legacy) };
  for (const side of Object.values(ask)) await medianOf(WARM, side);

  let limit = 0;
  const byLegacy: number[] = [];
  const comparison = await compare(
    inTurn({
      limit: async () => (limit = await medianOf(OPERATIONS, ask.bare)),
      async candidate(block) {
        const p50 = await medianOf(OPERATIONS, ask.modern);
        if (block >= DROPPED_BLOCKS) byLegacy.push((await medianOf(OPERATIONS, ask.legacy)) / limit);
        return p50;
      },
    }),
    bench.blocks,
  );
  const notes = [
    `who_is_working in 2026-07-28, ${Buffer.byteLength(once.text)} bytes; in a session of 2025-11-25 ${spreadText(spreadOf(byLegacy))}`,
  ];
  return { kind: "comparison", unit: "ms", comparison, notes };
}

export const mcpRead: Measurement = {
  name: "mcp-read",
  what: "`tools/call` that reads, over `/mcp`, p50",
  against: "bare Hono POST that answers the same bytes",
  goal: { atMost: 2 },
  isLone: true,
  measure,
};
