/** What must hold however the calls of several writers and readers fall, as properties over random interleavings. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import { RevisionConflict } from "./errors.ts";
import type { EventStore, StoredRecord } from "./store.ts";
import { collect, recordsBehind } from "./records.contract.ts";

const RUNS = 30;
const STREAMS = ["ana/session", "bo/session", "cy/session"] as StreamId[];

interface Attempt {
  readonly stream: StreamId;
  /** How far the writer is off the head that a model of the streams expects. */
  readonly off: number;
  readonly count: number;
}

const anyAttempt: fc.Arbitrary<Attempt> = fc.record({
  stream: fc.constantFrom(...STREAMS),
  off: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }) }),
  count: fc.integer({ min: 0, max: 3 }),
});
/** Turns of the event loop, each with the attempts made in it. */
const anyTurns = fc.array(fc.array(anyAttempt, { maxLength: 6 }), { maxLength: 8 });

export function interleavingContract(open: () => Promise<EventStore>): void {
  describe("whatever the interleaving", () => {
    it("an append succeeds exactly when it names the head, and what succeeded is what is read", async () => {
      await fc.assert(
        fc.asyncProperty(anyTurns, async (turns) => {
          await using store = await open();
          const model = new Map(STREAMS.map((stream) => [stream, [] as StoredRecord[]]));
          for (const [turn, attempts] of turns.entries()) {
            await Promise.all(attempts.map((attempt, index) => attemptAsModel(store, model, attempt, `turn ${turn} call ${index}`)));
          }
          for (const [stream, records] of model) expect(await collect(store.read(stream, 0))).toEqual(records);
        }),
        { numRuns: RUNS },
      );
    });

    it("writers that race have one winner for each revision, and no acknowledged record is lost or moved", async () => {
      const anyWriters = fc.array(fc.record({ stream: fc.constantFrom(...STREAMS), records: fc.integer({ min: 1, max: 6 }) }), {
        minLength: 2,
        maxLength: 6,
      });
      await fc.assert(
        fc.asyncProperty(anyWriters, async (writers) => {
          await using store = await open();
          const acknowledged = await Promise.all(
            writers.map(({ stream, records }, writer) => appendWithRetries(store, stream, records, writer)),
          );

          for (const stream of STREAMS) {
            const due = acknowledged.filter((_, writer) => writers[writer]?.stream === stream).flat();
            due.sort((one, other) => one.revision - other.revision);
            expect(due.map(({ revision }) => revision)).toEqual(due.map((_, index) => index + 1));
            expect(await collect(store.read(stream, 0))).toEqual(due);
          }
        }),
        { numRuns: RUNS },
      );
    });

    it("a follower from any revision sees every record once and in order while appends go on", async () => {
      const anyFollowers = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 });
      const anySizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(anyFollowers, anySizes, async (followers, sizes) => {
          await using store = await open();
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const never = new AbortController().signal;
          const stream = STREAMS[0] as StreamId;

          const following = followers.map((after) => collect(store.follow(stream, after, never), Math.max(0, total - after)));
          let head: Revision = 0;
          for (const size of sizes) head = await store.append(stream, head, recordsBehind(head, size));

          for (const [index, after] of followers.entries()) {
            expect(await following[index]).toEqual(recordsBehind(after, Math.max(0, total - after)));
          }
        }),
        { numRuns: RUNS },
      );
    });
  });
}

/** Makes the attempt and the model's move in the same turn, and compares the two outcomes. */
async function attemptAsModel(
  store: EventStore,
  model: ReadonlyMap<StreamId, StoredRecord[]>,
  { stream, off, count }: Attempt,
  word: string,
): Promise<void> {
  const log = model.get(stream) ?? [];
  const head = log.length;
  const expected = Math.max(0, head + off);
  const records = recordsBehind(expected, count, word);
  if (expected === head) log.push(...records);

  const outcome = await store.append(stream, expected, records).catch((refusal: unknown) => refusal);

  const refusal = outcome instanceof RevisionConflict && { expected: outcome.expected, head: outcome.head };
  expect(refusal || outcome).toEqual(expected === head ? head + count : { expected, head });
}

/** Appends `count` records one by one, taking the head from each conflict, and returns what was acknowledged. */
async function appendWithRetries(store: EventStore, stream: StreamId, count: number, writer: number): Promise<StoredRecord[]> {
  const acknowledged: StoredRecord[] = [];
  let head: Revision = 0;
  while (acknowledged.length < count) {
    const record = { revision: head + 1, text: `writer ${writer} record ${acknowledged.length}` };
    try {
      head = await store.append(stream, head, [record]);
      acknowledged.push(record);
    } catch (refusal) {
      if (!(refusal instanceof RevisionConflict)) throw refusal;
      head = refusal.head;
    }
  }
  return acknowledged;
}
