/** How long a coding client waits for the list of tools, against the start of a Node that does nothing. */
import { compare, oneByOne } from "./method.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { timeBridge, timeNothing } from "./support/bridge-start.ts";

/** Starts of a process in one block. */
const STARTS = 8;

async function measure({ blocks, env, scratch }: Bench): Promise<Measured> {
  const place = { cwd: scratch.folder, env }; // no repository: nothing but the answer is worked on
  const sides = { limit: () => timeNothing(place), candidate: () => timeBridge(place) };
  const comparison = await compare(oneByOne(sides, STARTS), blocks);
  return { kind: "comparison", unit: "ms", comparison, notes: [`${STARTS} starts a block`] };
}

export const start: Measurement = {
  name: "start",
  what: "bridge: spawn to `tools/list` answered",
  against: "`node -e 0`, same environment",
  goal: { atMost: 2.6 },
  measure,
};
