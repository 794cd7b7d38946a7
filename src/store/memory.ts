/** A log that ends with the process: the store at its simplest, which tests stand on. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Hash, StreamId } from "../wire/ids.ts";
import { headAfter } from "./append-check.ts";
import { blobHash, intactBlob } from "./blob-hash.ts";
import { commitNews } from "./commit-news.ts";
import { StoreUnavailable } from "./errors.ts";
import { followStream, readStream } from "./paging.ts";
import type { EventStore, Snapshot, StoredRecord } from "./store.ts";

/**
 * Writes settle in a later turn of the event loop, in the order of their calls, as they do where a disk is involved.
 *
 * @param blobs - what is kept already, by the hash under which it is asked for
 */
export function memoryStore(blobs = new Map<Hash, Uint8Array>()): EventStore {
  const streams = new Map<StreamId, StoredRecord[]>();
  const snapshots = new Map<StreamId, Snapshot>();
  const news = commitNews();
  let open = true;

  function refuseWhenClosed(): void {
    if (!open) throw new StoreUnavailable("the log is closed");
  }

  const source = {
    head(stream: StreamId) {
      refuseWhenClosed();
      return streams.get(stream)?.length ?? 0;
    },
    page(stream: StreamId, after: number, until: number, limit: number) {
      refuseWhenClosed();
      return streams.get(stream)?.slice(after, Math.min(until, after + limit)) ?? [];
    },
  };

  async function close(): Promise<void> {
    open = false;
    await nextTurn();
    news.close();
  }

  return {
    durability: "nowhere: memory only",
    async append(stream, expected, records) {
      refuseWhenClosed();
      const kept = records.map(({ revision, text }) => ({ revision, text }));
      await nextTurn();
      const log = streams.get(stream) ?? [];
      const head = headAfter(stream, log.length, expected, kept);
      streams.set(stream, log);
      for (const record of kept) log.push(record);
      if (kept.length > 0) news.announce(stream);
      return head;
    },
    read: (stream, after, atOnce) => readStream(source, stream, after, atOnce),
    async streams() {
      refuseWhenClosed();
      const heads = [...streams].map(([stream, log]) => ({ stream, head: log.length })).filter(({ head }) => head > 0);
      return heads.sort((a, b) => (a.stream < b.stream ? -1 : 1));
    },
    follow: (stream, after, signal) => followStream(source, news, stream, after, signal),
    async saveSnapshot(stream, snapshot) {
      refuseWhenClosed();
      await nextTurn();
      if (snapshot.at >= (snapshots.get(stream)?.at ?? 0)) snapshots.set(stream, { ...snapshot });
    },
    async loadSnapshot(stream) {
      refuseWhenClosed();
      return snapshots.get(stream);
    },
    async putBlob(bytes) {
      refuseWhenClosed();
      const kept = Uint8Array.from(bytes);
      await nextTurn();
      const hash = blobHash(kept);
      blobs.set(hash, kept);
      return hash;
    },
    async getBlob(hash) {
      refuseWhenClosed();
      const kept = blobs.get(hash);
      return kept && intactBlob("in memory", hash, Uint8Array.from(kept));
    },
    async probe() {
      refuseWhenClosed();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
