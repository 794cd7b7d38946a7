/**
 * What it means to keep a log: append-only streams of records, durable before they are acknowledged.
 *
 * A store moves records and does not understand them: a record is a revision and its JSON text. `store.contract.ts`
 * is the executable half of this page and every engine runs it.
 */
import type { Hash, StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";

/** One record as it is kept: its place in the stream and its text, byte for byte. */
export interface StoredRecord {
  readonly revision: Revision;
  readonly text: string;
}

/** A folded state, kept to make opening cheap. It may be deleted at any time. */
export interface Snapshot {
  /** The revision whose record was the last one folded. */
  readonly at: Revision;
  /** The rules number of the fold that made it. */
  readonly rules: number;
  /** Hash of record `at`. */
  readonly hash: Hash;
  readonly state: string;
}

export interface EventStore extends AsyncDisposable {
  /** What an acknowledged append means here, in words for a person: `/readyz`, `doctor` and the README print it. */
  readonly durability: string;

  /**
   * Adds `records` behind revision `expected`: all of them or none, durable when the promise resolves.
   * `records[0].revision` is `expected + 1` and the rest follow without a gap. Resolves with the new head.
   *
   * @throws RevisionConflict when `expected` is not the head
   * @throws StoreUnavailable when nothing was stored and trying again later may help (a full disk, for one)
   */
  append(stream: StreamId, expected: Revision, records: readonly StoredRecord[]): Promise<Revision>;

  /**
   * The records behind `after`, in order, up to the head at the time of the call.
   *
   * @param atOnce - how many are in memory at once, where the engine's own number is too many
   */
  read(stream: StreamId, after: Revision, atOnce?: number): AsyncIterable<StoredRecord>;

  /** Every stream that something was appended to, in the order of their names, with its newest durable revision. */
  streams(): Promise<readonly { readonly stream: StreamId; readonly head: Revision }[]>;

  /** The records behind `after`, then every later one as it becomes durable, until `signal` fires or the store closes. */
  follow(stream: StreamId, after: Revision, signal: AbortSignal): AsyncIterable<StoredRecord>;

  /** Keeps the newest snapshot of a stream; an older `at` than the one kept is ignored. */
  saveSnapshot(stream: StreamId, snapshot: Snapshot): Promise<void>;
  loadSnapshot(stream: StreamId): Promise<Snapshot | undefined>;

  /** Keeps bytes by their SHA-256. Putting the same bytes twice keeps one copy. */
  putBlob(bytes: Uint8Array): Promise<Hash>;
  /** @throws StoreCorrupt when what is kept under `hash` has another */
  getBlob(hash: Hash): Promise<Uint8Array | undefined>;

  /** Resolves when a durable write is possible now, and leaves nothing behind. @throws StoreUnavailable */
  probe(): Promise<void>;

  /** Resolves when every append under way has settled and the engine is shut. Safe to call twice. */
  close(): Promise<void>;
}
