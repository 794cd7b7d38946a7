/** What a reader of committed records gets, whenever it comes and however slowly it reads. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../wire/record.ts";
import { intent, logOf, loops, openWorld, type World, worldWith } from "./engine.test.fixture.ts";
import { feed } from "./feed.ts";

/** Twice as many as wait in memory, and more than come from the log at once. */
const MANY = 130;

const announce = (world: World, from: number, count: number) =>
  world.sayAll(Array.from({ length: count }, (_, index) => ["ana", "INTENT_ANNOUNCE", intent(`i${from + index}`)] as const));

interface Reading extends Disposable {
  readonly abort: AbortController;
  readonly iterator: AsyncIterator<LogRecord>;
  /** The next `count` records. */
  take(count: number): Promise<LogRecord[]>;
}

function readingOf(world: World, after: number): Reading {
  const abort = new AbortController();
  const { host } = world.stream;
  const iterator = feed({ engine: world.engine, host, after, signal: abort.signal })[Symbol.asyncIterator]();
  return {
    abort,
    iterator,
    async take(count) {
      const taken: LogRecord[] = [];
      while (taken.length < count) {
        const { done, value } = await iterator.next();
        if (done === true) break;
        taken.push(value);
      }
      return taken;
    },
    [Symbol.dispose]: () => abort.abort(),
  };
}

const revisions = (records: readonly LogRecord[]) => records.map(({ revision }) => revision);
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe("a feed", () => {
  it("gives what is on the log and then what becomes durable, as the log has it", async () => {
    await using world = await worldWith(["ana"]);
    await announce(world, 0, MANY);
    using reading = readingOf(world, 0);
    const old = await reading.take(MANY + 2);
    await announce(world, MANY, 3);

    const all = [...old, ...(await reading.take(3))];

    expect(JSON.parse(JSON.stringify(all))).toEqual(await logOf(world.store));
  });

  it.each([0, 1, 50, MANY + 1, MANY + 2])("begins behind revision %i", async (after) => {
    await using world = await worldWith(["ana"]);
    await announce(world, 0, MANY);
    using reading = readingOf(world, after);
    await announce(world, MANY, 1);

    expect(revisions(await reading.take(MANY + 3 - after))).toEqual(upTo(MANY + 3, after + 1));
  });

  it("waits for a revision that the log does not have yet", async () => {
    await using world = await worldWith(["ana"]);
    using reading = readingOf(world, 4);
    const first = reading.take(1);
    await announce(world, 0, 4);

    expect(revisions(await first)).toEqual([5]);
  });

  it("reads nothing from the log for a reader that keeps up", async () => {
    await using world = await worldWith(["ana"]);
    using reading = readingOf(world, world.stream.host.revision);
    world.store.hiding = new Error("the log was read");

    for (let round = 0; round < MANY; round += 1) {
      const next = reading.take(1);
      await announce(world, round, 1);
      expect(revisions(await next)).toEqual([round + 3]);
    }
  });

  it("hands the same record to all who keep up", async () => {
    await using world = await worldWith(["ana"]);
    using one = readingOf(world, world.stream.host.revision);
    using other = readingOf(world, world.stream.host.revision);
    await announce(world, 0, 1);

    expect((await one.take(1))[0]).toBe((await other.take(1))[0]);
  });

  it("reads again from the log what a slow reader left waiting, and then goes on live", async () => {
    await using world = await worldWith(["ana"]);
    using reading = readingOf(world, 0);
    await reading.take(2);
    for (let round = 0; round < MANY; round += 1) await announce(world, round, 1);
    const missed = await reading.take(MANY);
    world.store.hiding = new Error("the log was read");
    await announce(world, MANY, 1);

    expect(revisions([...missed, ...(await reading.take(1))])).toEqual(upTo(MANY + 3, 3));
  });

  it("keeps no more than a few records in memory for a reader that does not come", async () => {
    await using world = await worldWith(["ana"]);
    using reading = readingOf(world, world.stream.host.revision);
    for (let round = 0; round < MANY; round += 1) await announce(world, round, 1);
    world.store.hiding = new Error("only the log has it");

    await expect(reading.take(1)).rejects.toThrow("only the log has it");
  });

  it("says so when the log cannot be read", async () => {
    await using world = await worldWith(["ana"]);
    using reading = readingOf(world, 0);
    world.store.hiding = new Error("the disk is gone");

    await expect(reading.take(1)).rejects.toThrow("the disk is gone");
  });
});

describe("the end of a feed", () => {
  it.each([
    { name: "while it waits", after: 12, before: 0 },
    { name: "while it gives old records", after: 0, before: 1 },
  ])("comes with its signal $name", async ({ after, before }) => {
    await using world = await worldWith(["ana"]);
    await announce(world, 0, 10);
    using reading = readingOf(world, after);
    await reading.take(before);
    const next = reading.iterator.next();
    if (before === 0) await loops();
    reading.abort.abort();
    await next;

    expect(await reading.iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("is at once when the signal had fired before", async () => {
    await using world = await openWorld({ listens: false });
    const ended = feed({ engine: world.engine, host: world.stream.host, after: 0, signal: AbortSignal.abort() });

    expect(world.stream.host.idle).toBe(true);
    expect(await ended[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  it.each([
    { name: "its signal fires, though nobody ever read", leave: ({ abort }: Reading) => abort.abort() },
    { name: "its signal fires, though nobody reads on", begin: 1, leave: ({ abort }: Reading) => abort.abort() },
    { name: "its reader leaves the iteration", begin: 1, leave: ({ iterator }: Reading) => iterator.return?.() },
    { name: "the log could not be read", begin: 0, leave: ({ iterator }: Reading) => iterator.next().catch(() => undefined), hides: true },
  ])("lets the stream go when $name", async ({ leave, begin = 0, hides = false }) => {
    await using world = await openWorld({ listens: false });
    const reading = readingOf(world, 0);
    await reading.take(begin);
    await loops();
    const idleBefore = world.stream.host.idle;
    if (hides) world.store.hiding = new Error("the disk is gone");
    await leave(reading);

    expect([idleBefore, world.stream.host.idle]).toEqual([false, true]);
  });
});

it("gives every record once and in order, however reading and writing interleave", async () => {
  const anyStep = fc.oneof(
    fc.record({ write: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ rest: fc.integer({ min: 1, max: 4 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), fc.integer({ min: 0, max: 2 }), async (steps, after) => {
      await using world = await worldWith(["ana"]);
      using reading = readingOf(world, after);
      const writes: Promise<unknown>[] = [];
      const taken: LogRecord[] = [];
      let written = 0;
      for (const step of steps) {
        if ("write" in step) {
          writes.push(announce(world, written, step.write));
          written += step.write;
        } else if ("read" in step) {
          const left = written + 2 - after - taken.length;
          taken.push(...(await reading.take(Math.min(step.read, left))));
        } else await loops(step.rest);
      }
      await Promise.all(writes);
      taken.push(...(await reading.take(written + 2 - after - taken.length)));

      expect(revisions(taken)).toEqual(upTo(written + 2, after + 1));
    }),
    { numRuns: 40 },
  );
});
