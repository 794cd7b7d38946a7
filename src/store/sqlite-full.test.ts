import { expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreUnavailable } from "./errors.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { openSqliteStore, type SqliteStore } from "./sqlite.ts";
import type { StoredRecord } from "./store.ts";

const ana = "ana/session" as StreamId;
const bo = "bo/session" as StreamId;
const LIMIT_BYTES = 256 * 1_024;
const tooLong: StoredRecord = { revision: 1, text: "x".repeat(2 * LIMIT_BYTES) };

const newLog = scratchLogs();

/** Appends to `ana` until the store refuses, and returns the head. */
async function fill(store: SqliteStore): Promise<number> {
  let refusal: unknown;
  let head = 0;
  while (refusal === undefined) {
    const appending = store.append(ana, head, [{ revision: head + 1, text: "x".repeat(1_000) }]);
    await appending.then((next) => (head = next)).catch((fault: unknown) => (refusal = fault));
  }
  expect(refusal).toBeInstanceOf(StoreUnavailable);
  expect((refusal as Error).message).toContain("no room");
  return head;
}

it("a full log refuses appends, snapshots, blobs and probes, stores nothing of them, and is still read", async () => {
  const path = await newLog();
  await using store = await openSqliteStore({ path, maxBytes: LIMIT_BYTES });
  const head = await fill(store);

  await expect(store.append(ana, head, [{ ...tooLong, revision: head + 1 }])).rejects.toThrow(StoreUnavailable);
  await expect(store.saveSnapshot(ana, { at: 1, rules: 1, hash: "" as never, state: tooLong.text })).rejects.toThrow(StoreUnavailable);
  await expect(store.putBlob(new Uint8Array(2 * LIMIT_BYTES))).rejects.toThrow(StoreUnavailable);
  await expect(store.probe()).rejects.toThrow(StoreUnavailable);

  expect((await collect(store.read(ana, 0))).map(({ revision }) => revision)).toEqual(
    Array.from({ length: head }, (_, index) => index + 1),
  );
  expect(await store.loadSnapshot(ana)).toBeUndefined();
  await expect(store.append(ana, head + 1, [])).rejects.toMatchObject({ head });
});

it("a turn that does not fit is refused as a whole, with the conflicts that were judged by it", async () => {
  const path = await newLog();
  await using store = await openSqliteStore({ path, maxBytes: LIMIT_BYTES });

  const outcomes = await Promise.allSettled([
    store.append(bo, 0, recordsBehind(0, 1)),
    store.append(bo, 0, recordsBehind(0, 1)),
    store.append(ana, 0, [tooLong]),
  ]);

  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "store/unavailable" } });
  expect(await collect(store.read(bo, 0))).toEqual([]);
  expect(await store.append(bo, 0, recordsBehind(0, 1))).toBe(1);
});

it("a full log goes on by itself when there is room, and nothing is lost over it", async () => {
  const path = await newLog();
  const store = await openSqliteStore({ path, maxBytes: LIMIT_BYTES });
  const following = collect(store.follow(bo, 0, new AbortController().signal), 1);
  const head = await fill(store);
  await expect(store.probe()).rejects.toThrow(StoreUnavailable);

  store.limitTo(4 * LIMIT_BYTES);
  await store.probe();
  const heads = await Promise.all([store.append(ana, head, recordsBehind(head, 3)), store.append(bo, 0, [tooLong])]);
  await store.close();

  expect(heads).toEqual([head + 3, 1]);
  expect(await following).toEqual([tooLong]);
  await using again = await openSqliteStore({ path });
  expect(await collect(again.read(ana, head))).toEqual(recordsBehind(head, 3));
});
