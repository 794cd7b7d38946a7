/**
 * The streams of one log file: their heads, how records are added, and how they come out again.
 *
 * A head is read from the file once and kept. What a transaction adds to it counts for that transaction alone until it is durable.
 */
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import { headAfter } from "./append-check.ts";
import { StoreCorrupt } from "./errors.ts";
import { storeFault } from "./sqlite-fault.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import type { StoredRecord } from "./store.ts";

export interface SqliteStreams {
  /** The newest durable revision. @throws StoreCorrupt when the file says two different things about it */
  head(stream: StreamId): Revision;
  /** Every stream with its newest durable revision. @throws StoreCorrupt as `head` */
  all(): readonly { readonly stream: StreamId; readonly head: Revision }[];
  /** The records behind `after` up to `until`. @throws StoreCorrupt when one of them is missing or misplaced */
  page(stream: StreamId, after: Revision, until: Revision, limit: number): readonly StoredRecord[];
  /** Inside a transaction: adds all records or throws before it has added one. */
  append(stream: StreamId, expected: Revision, records: readonly StoredRecord[]): Revision;
  /** The transaction is durable. Returns the streams that grew. */
  committed(): readonly StreamId[];
  /** The transaction was undone. */
  undone(): void;
}

/**
 * Streams by what is said about them and by the records that there are: one whose head was lost is missed by neither. From one
 * stream's records to the next it is a single step down the index, however many they are.
 */
const NAMES = `
  WITH RECURSIVE recorded (stream) AS (
    SELECT min(stream) FROM records
    UNION ALL
    SELECT (SELECT min(stream) FROM records WHERE stream > recorded.stream) FROM recorded WHERE recorded.stream IS NOT NULL
  )
  SELECT stream FROM streams UNION SELECT stream FROM recorded WHERE stream IS NOT NULL ORDER BY stream`;

export function sqliteStreams({ path, connection }: SqliteFile): SqliteStreams {
  const keptHead = connection.prepare<{ head: number }>("SELECT head FROM streams WHERE stream = ?");
  const highest = connection.prepare<{ revision: number | null }>("SELECT max(revision) AS revision FROM records WHERE stream = ?");
  const rows = connection.prepare<StoredRecord>(
    "SELECT revision, text FROM records WHERE stream = ? AND revision > ? AND revision <= ? ORDER BY revision LIMIT ?",
  );
  const names = connection.prepare<{ stream: StreamId }>(NAMES);
  const insert = connection.prepare("INSERT INTO records (stream, revision, text) VALUES (?, ?, ?)");
  const setHead = connection.prepare(
    "INSERT INTO streams (stream, head) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET head = excluded.head",
  );
  const durable = new Map<StreamId, Revision>();
  const ahead = new Map<StreamId, Revision>();

  function head(stream: StreamId): Revision {
    const known = durable.get(stream);
    if (known !== undefined) return known;
    const kept = keptHead.get(stream)?.head ?? 0;
    const found = highest.get(stream)?.revision ?? 0;
    if (kept !== found) throw new StoreCorrupt(path, `stream ${stream} ends at revision ${found}, and ${kept} have been written`);
    durable.set(stream, kept);
    return kept;
  }

  function page(stream: StreamId, after: Revision, until: Revision, limit: number): readonly StoredRecord[] {
    const found = rows.all(stream, after, until, limit);
    const last = Math.min(until, after + limit);
    const records: StoredRecord[] = [];
    for (let due = after + 1; due <= last; due += 1) {
      const { revision, text } = found[due - after - 1] ?? {};
      if (revision !== due || typeof text !== "string") {
        if (records.length > 0) return records;
        throw new StoreCorrupt(path, `revision ${due} of stream ${stream} is missing`);
      }
      records.push({ revision, text });
    }
    return records;
  }

  return {
    head: (stream) => inStoreWords(path, () => head(stream)),
    all: () =>
      inStoreWords(path, () =>
        names
          .all()
          .map(({ stream }) => ({ stream, head: head(stream) }))
          .filter(({ head: newest }) => newest > 0),
      ),
    page: (stream, after, until, limit) => inStoreWords(path, () => page(stream, after, until, limit)),
    append(stream, expected, records) {
      const next = headAfter(stream, ahead.get(stream) ?? head(stream), expected, records);
      for (const { revision, text } of records) insert.run(stream, revision, text);
      if (records.length > 0) setHead.run(stream, next);
      ahead.set(stream, next);
      return next;
    },
    committed() {
      const grown = [...ahead].filter(([stream, next]) => durable.get(stream) !== next).map(([stream]) => stream);
      for (const [stream, next] of ahead) durable.set(stream, next);
      ahead.clear();
      return grown;
    },
    undone: () => ahead.clear(),
  };
}

/** Runs a read and gives its faults the store's names. */
export function inStoreWords<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (fault) {
    throw storeFault(path, fault);
  }
}
