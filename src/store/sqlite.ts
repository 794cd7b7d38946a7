/**
 * A log in one SQLite file, owned by one process: what a sidecar keeps unless it is told otherwise.
 *
 * Nothing here decides about a record. The parts: sqlite-file.ts owns the file, group-commit.ts makes transactions,
 * sqlite-streams.ts knows heads and pages, sqlite-upkeep.ts checkpoints.
 */
import { blobHash, intactBlob } from "./blob-hash.ts";
import { commitNews } from "./commit-news.ts";
import { StoreGone, StoreUnavailable, StoreUnsynced } from "./errors.ts";
import { groupCommit } from "./group-commit.ts";
import { followStream, readStream } from "./paging.ts";
import { takeLog } from "./sqlite-take.ts";
import { loadSqliteDriver, type SqliteDriver } from "./sqlite-driver.ts";
import { storeFault } from "./sqlite-fault.ts";
import { PAGE_BYTES } from "./sqlite-schema.ts";
import { inStoreWords, sqliteStreams } from "./sqlite-streams.ts";
import { checkpointWhenQuiet } from "./sqlite-upkeep.ts";
import type { EventStore, Snapshot } from "./store.ts";

export interface SqliteStoreOptions {
  /** The database file. It is made, with the folder it stands in, when there is none. */
  readonly path: string;
  /** Most bytes the file may have; without it the disk decides. The WAL beside it comes on top. */
  readonly maxBytes?: number;
  /** Bytes in the WAL from which on it is moved into the file in a quiet moment; at four times as many it is moved anyway. */
  readonly walBytes?: number;
  /** Told whenever an append or a probe finds the log removed or replaced: this store takes nothing more. */
  readonly onGone?: () => void;
  /** Told when the disk did not take a sync: this store takes nothing more either. */
  readonly onUnsynced?: (fault: StoreUnsynced) => void;
  /** The first that loads, unless it is given. */
  readonly driver?: SqliteDriver;
}

export interface SqliteStore extends EventStore {
  /** Changes the limit of an open log; one below the present size stops it from growing further. */
  limitTo(maxBytes: number): void;
  /** Whether the log at the path is still the one that is owned; every append looks first. */
  inPlace(): boolean;
}

/** What a probe writes, so that it speaks for records of a usual size. */
const PROBE_BYTES = 32 * 1_024;

/**
 * Opens the log at `path` and owns it until `close`.
 *
 * @throws StoreHeld at once when another process owns it
 * @throws StoreCorrupt, StoreTooNew when the file is not what this release can go on with; it is left as it is
 * @throws StoreUnavailable when the path cannot be reached or written
 * @throws DriverMissing when no SQLite engine loads
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { walBytes = 2 ** 20, driver = await loadSqliteDriver() } = options;
  const { file, release } = await takeLog(options.path, driver);
  const { path, connection } = file;
  const streams = sqliteStreams(file);
  const news = commitNews();
  const upkeep = checkpointWhenQuiet(file, walBytes);
  let turnBytes = 0;
  let closing: Promise<void> | undefined;

  const writes = groupCommit(file, {
    again() {
      streams.undone();
      turnBytes = 0;
    },
    committed() {
      for (const stream of streams.committed()) news.announce(stream);
      upkeep.wrote(turnBytes);
      turnBytes = 0;
    },
    undone(fault) {
      streams.undone();
      turnBytes = 0;
      tellEnd(fault);
    },
  });

  /** Of what this store does not come back from. */
  function tellEnd(fault: unknown): void {
    if (fault instanceof StoreGone) options.onGone?.();
    if (fault instanceof StoreUnsynced) options.onUnsynced?.(fault);
  }

  const saveSnapshot = connection.prepare(`
    INSERT INTO snapshots (stream, at, rules, hash, state) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (stream) DO UPDATE SET at = excluded.at, rules = excluded.rules, hash = excluded.hash, state = excluded.state
    WHERE excluded.at >= snapshots.at`);
  const loadSnapshot = connection.prepare<Snapshot>("SELECT at, rules, hash, state FROM snapshots WHERE stream = ?");
  const putBlob = connection.prepare("INSERT OR IGNORE INTO blobs (hash, bytes) VALUES (?, ?)");
  const getBlob = connection.prepare<{ bytes: Uint8Array }>("SELECT bytes FROM blobs WHERE hash = ?");
  const putProbe = connection.prepare(`INSERT OR REPLACE INTO probes (id, bytes) VALUES (1, zeroblob(${PROBE_BYTES}))`);
  const dropProbe = connection.prepare("DELETE FROM probes");

  function refuseWhenClosed(): void {
    if (closing !== undefined) throw new StoreUnavailable(`the log ${path} is closed`);
  }

  const source = {
    head(stream: Parameters<typeof streams.head>[0]) {
      refuseWhenClosed();
      return streams.head(stream);
    },
    page(...page: Parameters<typeof streams.page>) {
      refuseWhenClosed();
      return streams.page(...page);
    },
  };

  function limitTo(maxBytes: number): void {
    refuseWhenClosed();
    connection.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`);
  }
  if (options.maxBytes !== undefined) limitTo(options.maxBytes);

  async function shut(): Promise<void> {
    await writes.flush();
    upkeep.stop();
    news.close();
    try {
      inStoreWords(path, () => file.close());
    } finally {
      release();
    }
  }

  const close = (): Promise<void> => (closing ??= Promise.resolve().then(shut));

  return {
    durability: "on the disk (SQLite, synced)",
    limitTo,
    inPlace: () => file.inPlace(),
    async append(stream, expected, records) {
      refuseWhenClosed();
      const kept = records.map(({ revision, text }) => ({ revision, text }));
      return writes.add(() => {
        for (const { text } of kept) turnBytes += text.length;
        return streams.append(stream, expected, kept);
      });
    },
    read: (stream, after, atOnce) => readStream(source, stream, after, atOnce),
    async streams() {
      refuseWhenClosed();
      return streams.all();
    },
    follow: (stream, after, signal) => followStream(source, news, stream, after, signal),
    async saveSnapshot(stream, { at, rules, hash, state }) {
      refuseWhenClosed();
      await writes.add(() => {
        turnBytes += state.length;
        saveSnapshot.run(stream, at, rules, hash, state);
      });
    },
    async loadSnapshot(stream) {
      refuseWhenClosed();
      const kept = inStoreWords(path, () => loadSnapshot.get(stream));
      return kept && { ...kept };
    },
    async putBlob(bytes) {
      refuseWhenClosed();
      const kept = Uint8Array.from(bytes);
      const hash = blobHash(kept);
      return writes.add(() => {
        turnBytes += kept.length;
        putBlob.run(hash, kept);
        return hash;
      });
    },
    async getBlob(hash) {
      refuseWhenClosed();
      const kept = inStoreWords(path, () => getBlob.get(hash));
      if (kept === undefined) return undefined;
      return intactBlob(path, hash, Uint8Array.from(kept.bytes));
    },
    async probe() {
      refuseWhenClosed();
      try {
        file.transaction(() => putProbe.run());
        file.transaction(() => dropProbe.run());
      } catch (fault) {
        tellEnd(fault);
        throw storeFault(path, fault);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
