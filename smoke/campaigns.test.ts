/** The first rounds of every campaign that takes seconds; the others are for `npm run soak`. */
import { describe, expect, it } from "vitest";
import type { Campaign } from "./soak/campaign.ts";
import { CAMPAIGNS } from "./soak/campaigns.ts";
import { chance } from "./support/chance.ts";

/** How many of them. */
const ROUNDS = { orphans: 2, stop: 1, idle: 1, removed: 2, disk: 1, storm: 1, frames: 1, hosted: 1 } as const satisfies Partial<
  Record<keyof typeof CAMPAIGNS, number>
>;

describe("the campaign", () => {
  it.each(Object.entries(ROUNDS) as [keyof typeof ROUNDS, number][])("%s holds for %i rounds", async (name, rounds) => {
    const { start }: Campaign = CAMPAIGNS[name];
    await using campaign = await start(chance(1), {});
    const held: AsyncDisposable[] = [];
    const told: string[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        const seen = await campaign.round((thing) => {
          held.push(thing);
          return thing;
        });
        if (seen.startsWith("skipped: ")) process.stdout.write(`${seen}\n`);
        told.push(seen);
      }
      await campaign.finish?.();
    } finally {
      for (const thing of held.toReversed()) await thing[Symbol.asyncDispose]();
    }
    expect(told).toHaveLength(rounds);
  });
});
