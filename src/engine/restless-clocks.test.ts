/** Nights, jumps of the clock and standing processes in any order: whoever comes back and renews keeps what it holds. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { codeOf, intent, logOf, type World, worldWith } from "./engine.test.fixture.ts";

const MINUTE_MS = 60_000;
const TTL_MS = 15 * MINUTE_MS;

/** How often a bridge looks whether its task is to be renewed, which it is at half its time by whichever clock ran further. */
const LOOK_MS = 15_000;

const step = fc.record({
  what: fc.constantFrom("sleep", "setWall", "skipMonotonic"),
  /** Up to three hours, in either direction where a clock is set. */
  minutes: fc.integer({ min: -180, max: 180 }),
  awakeMinutes: fc.integer({ min: 0, max: 20 }),
});

/** When the task was renewed last, and what every renewal was answered. */
interface Renewed {
  wallMs: number;
  monotonicMs: number;
  readonly codes: string[];
}

/** Passes time as a bridge of ana's does that is awake, and renews. */
async function stayAwake(world: World, minutes: number, renewed: Renewed): Promise<void> {
  const { clock } = world;
  for (let passedMs = 0; passedMs <= minutes * MINUTE_MS; passedMs += LOOK_MS) {
    const livedMs = Math.max(clock.wallMs() - renewed.wallMs, clock.monotonicMs() - renewed.monotonicMs);
    if (livedMs >= TTL_MS / 2) {
      renewed.codes.push(codeOf(await world.says("ana", "INTENT_UPDATE", { intent_id: "renewed" })));
      renewed.wallMs = clock.wallMs();
      renewed.monotonicMs = clock.monotonicMs();
    }
    await world.pass(LOOK_MS);
  }
}

it("holds whatever the clocks do, and what nobody renews ends once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (steps) => {
      await using world = await worldWith(["ana", "bo"]);
      using _ana = world.stream.presence.hold("ana");
      using _bo = world.stream.presence.hold("bo");
      const { clock } = world;
      for (const id of ["renewed", "left"]) await world.says("ana", "INTENT_ANNOUNCE", intent(id, { ttl_sec: TTL_MS / 1_000 }));
      const renewed: Renewed = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), codes: [] };

      for (const { what, minutes, awakeMinutes } of steps) {
        clock[what](what === "setWall" ? minutes * MINUTE_MS : Math.abs(minutes) * MINUTE_MS);
        await stayAwake(world, awakeMinutes, renewed);
      }
      await stayAwake(world, 20, renewed);

      const records = await logOf(world.store);
      const times = records.map(({ atMs }) => atMs);
      const ended = records
        .flatMap(({ events }) => events as { type: string; intentId?: string }[])
        .filter(({ type }) => /^Intent(Ended|Suspended)$/.test(type));
      expect(new Set(renewed.codes)).toEqual(new Set(["ok"]));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(ended.map(({ type, intentId }) => `${type} ${intentId}`)).toEqual(["IntentEnded left"]);
    }),
    { numRuns: 40 },
  );
});
