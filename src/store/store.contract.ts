/**
 * What every engine behind `EventStore` must do, as tests. `open` gives an empty store of its own to each of them,
 * `openWithBlob` one in which other bytes stand where those of `hash` were kept.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hash, StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import { RevisionConflict, StoreCorrupt, StoreUnavailable } from "./errors.ts";
import { interleavingContract } from "./interleaving.contract.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import type { EventStore, Snapshot } from "./store.ts";

const ana = "ana/session" as StreamId;
const bo = "bo/session" as StreamId;

export function storeContract(open: () => Promise<EventStore>, openWithBlob: (hash: Hash, bytes: Uint8Array) => Promise<EventStore>): void {
  appendContract(open);
  readContract(open);
  streamsContract(open);
  followContract(open);
  keepContract(open);
  damagedBlobContract(openWithBlob);
  closeContract(open);
  interleavingContract(open);
}

const anyUnicode = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff })))
  .map((points) => String.fromCodePoint(...points));

function appendContract(open: () => Promise<EventStore>): void {
  describe("append", () => {
    it("answers with the new head, and the records are read as they were given", async () => {
      await using store = await open();

      const heads = [await store.append(ana, 0, recordsBehind(0, 2)), await store.append(ana, 2, recordsBehind(2, 1))];

      expect(heads).toEqual([2, 3]);
      expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 3));
    });

    it.each([
      { name: "behind the head", expected: 1 },
      { name: "ahead of the head", expected: 3 },
    ])("is refused $name, and stores none of its records", async ({ expected }) => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 2));

      const refusal = store.append(ana, expected, recordsBehind(expected, 3));

      await expect(refusal).rejects.toThrow(RevisionConflict);
      await expect(refusal).rejects.toMatchObject({ stream: ana, expected, head: 2 });
      expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 2));
    });

    it("refuses revisions with a gap and stores none of them", async () => {
      await using store = await open();
      const gap = [...recordsBehind(0, 2), ...recordsBehind(3, 1)];

      await expect(store.append(ana, 0, gap)).rejects.toThrow(RangeError);
      await expect(store.append(ana, 0, recordsBehind(1, 1))).rejects.toThrow(RangeError);

      expect(await collect(store.read(ana, 0))).toEqual([]);
      expect(await store.append(ana, 0, recordsBehind(0, 1))).toBe(1);
    });

    it("of nothing compares the head", async () => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 1));

      expect(await store.append(ana, 1, [])).toBe(1);
      await expect(store.append(ana, 0, [])).rejects.toThrow(RevisionConflict);
    });

    it("never settles in its caller's turn, and nobody sees it before it has", async () => {
      await using store = await open();
      let settled = false;

      const appended = store.append(ana, 0, recordsBehind(0, 1)).then(() => (settled = true));
      const seen = await collect(store.read(ana, 0));
      for (let microtask = 0; microtask < 100; microtask += 1) await Promise.resolve();

      expect({ settled, seen }).toEqual({ settled: false, seen: [] });
      await appended;
    });

    it("keeps what it was given, whatever happens to it afterwards", async () => {
      await using store = await open();
      const records = recordsBehind(0, 2);

      const appended = store.append(ana, 0, records);
      records.length = 0;
      await appended;

      expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 2));
    });

    it("of one stream is not touched by another's conflict in the same turn", async () => {
      await using store = await open();

      const outcomes = await Promise.allSettled([
        store.append(ana, 0, recordsBehind(0, 2)),
        store.append(bo, 7, recordsBehind(7, 1)),
        store.append(ana, 0, recordsBehind(0, 1)),
        store.append(ana, 2, recordsBehind(2, 1)),
        store.append(bo, 0, [{ revision: 2, text: "gap" }]),
        store.append(bo, 0, recordsBehind(0, 1)),
      ]);

      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled", "rejected", "fulfilled"]);
      expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 3));
      expect(await collect(store.read(bo, 0))).toEqual(recordsBehind(0, 1));
    });

    it("keeps every text byte for byte", async () => {
      await using store = await open();
      let head = 0;
      // JSON has no NUL in it, and the SQLite of Node 22 ends a text there when it reads.
      const anyText = fc.oneof(
        fc.json(),
        anyUnicode.filter((text) => !text.includes("\0")),
      );

      await fc.assert(
        fc.asyncProperty(anyText, async (text) => {
          head = await store.append(ana, head, [{ revision: head + 1, text }]);
          expect(await collect(store.read(ana, head - 1))).toEqual([{ revision: head, text }]);
        }),
        { numRuns: 50 },
      );
    });
  });
}

function streamsContract(open: () => Promise<EventStore>): void {
  describe("streams", () => {
    it("are those that records were appended to, each with its head", async () => {
      await using store = await open();
      await store.append(bo, 0, recordsBehind(0, 3));
      await store.append(ana, 0, recordsBehind(0, 2));
      await store.append(ana, 2, recordsBehind(2, 2));
      await store.append("cy/session" as StreamId, 0, []);

      expect(await store.streams()).toEqual([
        { stream: ana, head: 4 },
        { stream: bo, head: 3 },
      ]);
    });

    it("are none in an empty log", async () => {
      await using store = await open();

      expect(await store.streams()).toEqual([]);
    });
  });
}

function readContract(open: () => Promise<EventStore>): void {
  describe("read", () => {
    it.each([
      { after: 0, gives: 4 },
      { after: 3, gives: 1 },
      { after: 4, gives: 0 },
      { after: 9, gives: 0 },
    ])("gives $gives of four records behind revision $after", async ({ after, gives }) => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 4));
      await store.append(bo, 0, recordsBehind(0, 9, "other"));

      expect(await collect(store.read(ana, after))).toEqual(recordsBehind(after, gives));
    });

    it.each([1, 3, 4, 100])("gives the same with %s in memory at once", async (atOnce) => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 4));

      expect(await collect(store.read(ana, 1, atOnce))).toEqual(recordsBehind(1, 3));
    });

    it("ends at the head at the time of its call", async () => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 1));

      const reading = store.read(ana, 0);
      await store.append(ana, 1, recordsBehind(1, 2));

      expect(await collect(reading)).toEqual(recordsBehind(0, 1));
    });

    it("lets others have their turn while it reads a long stream", async () => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 2_500));
      let readWhenOthersRan = 0;
      let read = 0;
      setImmediate(() => (readWhenOthersRan = read));

      for await (const { revision } of store.read(ana, 0)) {
        read += 1;
        expect(revision).toBe(read);
      }

      expect(read).toBe(2_500);
      expect(readWhenOthersRan).toBeLessThan(500);
      expect(readWhenOthersRan).toBeGreaterThan(0);
    });
  });
}

function followContract(open: () => Promise<EventStore>): void {
  describe("follow", () => {
    it("gives what is there and then what comes", async () => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 2));
      const following = collect(store.follow(ana, 1, new AbortController().signal), 3);

      await store.append(bo, 0, recordsBehind(0, 1));
      await store.append(ana, 2, recordsBehind(2, 1));
      await store.append(ana, 3, recordsBehind(3, 1));

      expect(await following).toEqual(recordsBehind(1, 3));
    });

    it("from a revision that is not there yet begins behind it", async () => {
      await using store = await open();
      const following = collect(store.follow(ana, 2, new AbortController().signal), 1);

      for (const head of [0, 1, 2]) await store.append(ana, head, recordsBehind(head, 1));

      expect(await following).toEqual(recordsBehind(2, 1));
    });

    it("ends when its signal fires, waiting or not", async () => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 2));
      const stop = new AbortController();
      const waiting = collect(store.follow(ana, 0, stop.signal));
      const standing = store.follow(ana, 0, stop.signal)[Symbol.asyncIterator]();

      expect(await standing.next()).toEqual({ done: false, value: recordsBehind(0, 1)[0] });
      await severalTurns();
      stop.abort();

      expect(await standing.next()).toEqual({ done: true, value: undefined });
      expect(await waiting).toEqual(recordsBehind(0, 2));
      expect(await collect(store.follow(ana, 0, stop.signal))).toEqual([]);
    });

    it("ends when the store closes, waiting or not", async () => {
      const store = await open();
      await store.append(ana, 0, recordsBehind(0, 2));
      const never = new AbortController().signal;
      const waiting = collect(store.follow(ana, 0, never));
      const standing = store.follow(ana, 0, never)[Symbol.asyncIterator]();

      expect(await standing.next()).toEqual({ done: false, value: recordsBehind(0, 1)[0] });
      await severalTurns();
      await store.close();

      expect(await standing.next()).toEqual({ done: true, value: undefined });
      expect(await waiting).toEqual(recordsBehind(0, 2));
    });
  });
}

/** Long enough for a follower to come to the end of what is there. */
async function severalTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}

function keepContract(open: () => Promise<EventStore>): void {
  const snapshot = (at: Revision, state: string): Snapshot => ({ at, rules: 1, hash: "ab".repeat(32) as Hash, state });

  describe("snapshots", () => {
    it("are kept by stream: the newest, or the later of two at one revision", async () => {
      await using store = await open();

      for (const kept of [snapshot(3, "first"), snapshot(4, "a"), snapshot(4, "b"), snapshot(3, "older")])
        await store.saveSnapshot(ana, kept);

      expect(await store.loadSnapshot(ana)).toEqual(snapshot(4, "b"));
      expect(await store.loadSnapshot(bo)).toBeUndefined();
    });
  });

  describe("blobs", () => {
    it("are found by the SHA-256 of their bytes, and the same bytes are the same blob", async () => {
      await using store = await open();
      const bytes = new TextEncoder().encode("abc");

      const putting = [store.putBlob(bytes), store.putBlob(Uint8Array.from(bytes)), store.putBlob(new Uint8Array())] as const;
      bytes.fill(0);
      const [hash, again, empty] = await Promise.all(putting);

      expect(hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
      expect(again).toBe(hash);
      expect(await store.getBlob(hash)).toEqual(new TextEncoder().encode("abc"));
      expect(await store.getBlob(empty)).toEqual(new Uint8Array());
      expect(await store.getBlob("0".repeat(64) as Hash)).toBeUndefined();
    });
  });

  describe("probe", () => {
    it("resolves and leaves the streams alone", async () => {
      await using store = await open();
      await store.append(ana, 0, recordsBehind(0, 1));

      await store.probe();
      await store.probe();

      expect(await store.append(ana, 1, recordsBehind(1, 1))).toBe(2);
    });
  });
}

function damagedBlobContract(openWithBlob: (hash: Hash, bytes: Uint8Array) => Promise<EventStore>): void {
  describe("a blob", () => {
    it.each([
      { name: "in which a bit has flipped", bytes: new TextEncoder().encode("abb") },
      { name: "that was cut to nothing", bytes: new Uint8Array() },
    ])("$name is corrupt, and is not given to anybody", async ({ bytes }) => {
      const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" as Hash;
      await using store = await openWithBlob(abc, bytes);

      const getting = store.getBlob(abc);

      await expect(getting).rejects.toThrow(StoreCorrupt);
      await expect(getting).rejects.toThrow(`blob ${abc} has bytes with the hash`);
    });
  });
}

function closeContract(open: () => Promise<EventStore>): void {
  describe("close", () => {
    it("waits for what is under way and may be called again", async () => {
      const store = await open();

      const settled: string[] = [];
      const appended = store.append(ana, 0, recordsBehind(0, 1)).then(() => settled.push("append"));
      const closed = store.close().then(() => settled.push("close"));
      await Promise.all([appended, closed, store.close(), store[Symbol.asyncDispose]()]);

      expect(settled).toEqual(["append", "close"]);
    });

    it.each<{ name: string; call: (store: EventStore) => Promise<unknown> }>([
      { name: "append", call: (store) => store.append(ana, 0, recordsBehind(0, 1)) },
      { name: "read", call: (store) => collect(store.read(ana, 0)) },
      { name: "streams", call: (store) => store.streams() },
      { name: "follow", call: (store) => collect(store.follow(ana, 0, new AbortController().signal)) },
      { name: "saveSnapshot", call: (store) => store.saveSnapshot(ana, snapshotOfNothing) },
      { name: "loadSnapshot", call: (store) => store.loadSnapshot(ana) },
      { name: "putBlob", call: (store) => store.putBlob(new Uint8Array(1)) },
      { name: "getBlob", call: (store) => store.getBlob("0".repeat(64) as Hash) },
      { name: "probe", call: (store) => store.probe() },
    ])("leaves $name unavailable", async ({ call }) => {
      const store = await open();

      const closed = store.close();
      const during = call(store);

      await expect(during).rejects.toThrow(StoreUnavailable);
      await closed;
      await expect(call(store)).rejects.toThrow(StoreUnavailable);
    });
  });
}

const snapshotOfNothing: Snapshot = { at: 0, rules: 1, hash: "0".repeat(64) as Hash, state: "" };
