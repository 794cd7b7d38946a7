/**
 * A log judged by its bytes alone (`signalbox audit verify`): whoever keeps it, and whoever hands it over, is not believed.
 *
 * Of each stream, from its first record to its last: revisions without a gap, each record in canonical form with the hash of its
 * own content and that of the record before, no time that runs backwards, events that this release knows, and the bytes that
 * they name. A stream is judged up to its first flaw, because nothing behind it can be trusted.
 */
import canonicalize from "canonicalize";
import type { EventStore, StoredRecord } from "../store/store.ts";
import type { Hash, StreamId } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { LogRecord, Revision, TaggedEvent } from "../wire/record.ts";
import { BEFORE_FIRST, type Difference, hashOfBytes, LogDamaged, unseal } from "./seal.ts";

/** A log wherever it is kept. */
export type KeptLog = Pick<EventStore, "read" | "streams" | "getBlob">;

/** What the records of a stream hold is for its aggregate to say. */
export interface Reading {
  /** @throws UnknownEvent when this release does not know it */
  readEvent(stored: unknown): TaggedEvent;
  /** Hashes of the bytes that an event names. */
  blobsOf(event: TaggedEvent): readonly Hash[];
}

export interface Point {
  readonly revision: Revision;
  readonly hash: Hash;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** Records from one to another, and how many there are. */
export interface Span {
  records: number;
  readonly first: Point;
  last: Point;
}

export interface Flaw extends Difference {
  /** Why, for programs: `log/damaged`, `log/too-new`, `log/unknown-event` or `store/corrupt`. */
  readonly code: string;
  readonly revision: Revision;
  readonly what: string;
}

export interface StreamReport {
  readonly stream: StreamId;
  /** The newest revision by the word of its keeper. */
  readonly head: Revision;
  /** What was found whole. */
  readonly span: Span | undefined;
  /** The same by what each record answers: a type of message, or a command of the engine. */
  readonly kinds: ReadonlyMap<string, Span>;
  /** Different bytes that its events name, all of them there and with their hash. */
  readonly blobs: number;
  readonly flaw: Flaw | undefined;
}

/**
 * Reads all streams of a log and says of each whether it is whole.
 *
 * @param onRecord - called for each record that was read, with how many there are to read in all
 * @throws what reading throws for a reason that is not in the log
 */
export async function verifyLog(
  log: KeptLog,
  readingOf: (stream: StreamId) => Reading,
  onRecord: (read: number, total: number) => void = () => undefined,
): Promise<StreamReport[]> {
  const streams = await log.streams();
  const total = streams.reduce((sum, { head }) => sum + head, 0);
  const reports: StreamReport[] = [];
  let read = 0;
  const onOne = (): void => onRecord((read += 1), total);
  for (const { stream, head } of streams) reports.push(await verifyStream(log, stream, head, readingOf(stream), onOne));
  return reports;
}

async function verifyStream(log: KeptLog, stream: StreamId, head: Revision, reading: Reading, onRecord: () => void): Promise<StreamReport> {
  const kinds = new Map<string, Span>();
  const blobs = new Set<Hash>();
  let span: Span | undefined;
  const report = (flaw: Flaw | undefined): StreamReport => ({ stream, head, span, kinds, blobs: blobs.size, flaw });
  try {
    for await (const record of wholeRecords(log, stream, head)) {
      await judgeEvents(log, stream, record, reading, blobs);
      span = extended(span, record);
      kinds.set(kindOf(record), extended(kinds.get(kindOf(record)), record));
      onRecord();
    }
    return report(undefined);
  } catch (fault) {
    const flaw = flawOf(fault, (span?.last.revision ?? 0) + 1);
    if (flaw === undefined) throw fault;
    return report(flaw);
  }
}

/**
 * The records of a stream up to `head`, each of them judged. What is appended meanwhile is for the next time.
 *
 * @throws LogDamaged, LogTooNew, and what reading throws
 */
export async function* wholeRecords(
  log: Pick<KeptLog, "read">,
  stream: StreamId,
  head: Revision,
): AsyncGenerator<LogRecord, void, undefined> {
  let previous: LogRecord | undefined;
  if (head === 0) return;
  for await (const stored of log.read(stream, 0)) {
    previous = judge(stream, stored, previous);
    yield previous;
    if (previous.revision === head) return;
  }
  const last = previous?.revision ?? 0;
  throw new LogDamaged(stream, last + 1, "is missing", { expected: `records up to revision ${head}`, found: `none behind ${last}` });
}

function judge(stream: StreamId, stored: StoredRecord, previous: Point | undefined): LogRecord {
  const record = unseal(stream, stored, previous ?? BEFORE_FIRST);
  const damaged = (what: string, difference: Difference): LogDamaged => new LogDamaged(stream, record.revision, what, difference);
  const form = canonicalFormOf(stored.text);
  if (form !== stored.text) throw damaged("is not in canonical form", difference(form, stored.text));
  if (record.atMs < (previous?.atMs ?? 0))
    throw damaged("is earlier than the record before it", {
      expected: `${previous?.atMs} ms or later`,
      found: `${record.atMs} ms`,
    });
  return record;
}

/** As `seal` writes it, by another's hand: RFC 8785 but for the hash, which comes last. */
function canonicalFormOf(text: string): string {
  const { hash, ...rest } = JSON.parse(text) as JsonObject;
  return `${(canonicalize(rest) as string).slice(0, -1)},"hash":"${hash as string}"}`;
}

const AROUND = 20;

function difference(expected: string, found: string): Difference {
  let at = 0;
  while (expected[at] === found[at]) at += 1;
  const around = (text: string): string => `${JSON.stringify(text.slice(Math.max(0, at - AROUND), at + AROUND))} at character ${at + 1}`;
  return { expected: around(expected), found: around(found) };
}

async function judgeEvents(log: KeptLog, stream: StreamId, record: LogRecord, reading: Reading, seen: Set<Hash>): Promise<void> {
  for (const stored of record.events) {
    for (const hash of reading.blobsOf(reading.readEvent(stored))) {
      if (seen.has(hash)) continue;
      const bytes = await log.getBlob(hash);
      const found = bytes === undefined ? "nothing" : `bytes with the hash ${hashOfBytes(bytes)}`;
      const expected = `bytes with the hash ${hash}`;
      if (found !== expected) throw new LogDamaged(stream, record.revision, "names bytes that are not kept", { expected, found });
      seen.add(hash);
    }
  }
}

function kindOf({ command }: LogRecord): string {
  const { message_type: message, type } = (command ?? {}) as { readonly message_type?: unknown; readonly type?: unknown };
  const kind = message ?? type;
  return typeof kind === "string" ? kind : "(none)";
}

function extended(span: Span | undefined, { revision, hash, atMs }: LogRecord): Span {
  const point = { revision, hash, atMs };
  if (span === undefined) return { records: 1, first: point, last: point };
  span.records += 1;
  span.last = point;
  return span;
}

const OF_THE_LOG: ReadonlySet<unknown> = new Set(["log/too-new", "log/unknown-event", "store/corrupt"]);

/** Undefined when it was not the log that failed. */
function flawOf(fault: unknown, revision: Revision): Flaw | undefined {
  if (fault instanceof LogDamaged) return { code: fault.code, revision: fault.revision, what: fault.what, ...fault.difference };
  if (!(fault instanceof Error && "code" in fault && OF_THE_LOG.has(fault.code))) return undefined;
  const expected = fault.code === "store/corrupt" ? "what was stored" : "a record that this release knows";
  return { code: fault.code as string, revision, what: "cannot be judged", expected, found: fault.message };
}
