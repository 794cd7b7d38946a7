/**
 * How a record is closed and how a log is checked: the hash chain.
 *
 * `hash` is the SHA-256 of the record without `hash`, serialised by RFC 8785. The stored text is that serialisation with
 * the hash as its last member, so checking a log needs no second serialisation.
 */
import { createHash, hash } from "node:crypto";
import type { Hash, StreamId } from "../wire/ids.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import { FIRST_PREV_HASH, LogRecordSchema, RECORD_FORMAT, type LogRecord, type Revision } from "../wire/record.ts";
import { canonical, canonicalWith } from "./canonical.ts";

export function sha256(text: string): Hash {
  return hash("sha256", text, "hex") as Hash;
}

/** SHA-256 of bytes, as blobs are named. */
export function hashOfBytes(bytes: Uint8Array): Hash {
  return createHash("sha256").update(bytes).digest("hex") as Hash;
}

/** SHA-256 of a value by RFC 8785. @throws as `canonical` */
export function hashOf(value: Json): Hash {
  return sha256(canonical(value));
}

export interface SealedRecord {
  readonly record: LogRecord;
  readonly text: string;
}

/**
 * Closes a record. @throws when it holds a lone surrogate or a number that JSON cannot say
 *
 * @param commandText - the canonical form of its command, where somebody has made it
 */
export function seal(open: Omit<LogRecord, "hash">, commandText?: string): SealedRecord {
  const members = open as unknown as JsonObject;
  const body = commandText === undefined ? canonical(members) : canonicalWith(members, "command", commandText);
  const hash = sha256(body);
  return { record: { hash, ...open }, text: `${body.slice(0, -1)},"hash":"${hash}"}` };
}

/** What should stand in a log, and what does: clauses for a person. */
export interface Difference {
  readonly expected: string;
  readonly found: string;
}

/** The log is not what was written: a record is torn, changed, missing or out of place. */
export class LogDamaged extends Error {
  override readonly name = "LogDamaged";
  readonly code = "log/damaged";
  readonly stream: StreamId;
  readonly revision: Revision;
  readonly what: string;
  readonly difference: Difference;

  constructor(stream: StreamId, revision: Revision, what: string, difference: Difference, cause?: unknown) {
    super(`record ${revision} of ${stream} ${what}; «signalbox store set-aside» moves the log away and starts a new one`, { cause });
    this.stream = stream;
    this.revision = revision;
    this.what = what;
    this.difference = difference;
  }
}

/** The log was written by a newer release. */
export class LogTooNew extends Error {
  override readonly name = "LogTooNew";
  readonly code = "log/too-new";

  constructor(stream: StreamId, found: number) {
    super(`${stream} has record format ${found} and this release reads up to ${RECORD_FORMAT}; install the release that wrote it`);
  }
}

const HASH_TAIL = /,"hash":"([0-9a-f]{64})"\}$/;

/**
 * Reads one stored record and checks that it is whole and follows `previous`.
 *
 * @throws LogDamaged, LogTooNew
 */
export function unseal(
  stream: StreamId,
  stored: { readonly revision: Revision; readonly text: string },
  previous: { revision: Revision; hash: Hash },
): LogRecord {
  const { text } = stored;
  const expected = previous.revision + 1;
  const damaged = (what: string, wanted: string, found: string): LogDamaged =>
    new LogDamaged(stream, expected, what, { expected: wanted, found });

  if (stored.revision !== expected)
    throw damaged(`is missing, ${stored.revision} comes instead`, `revision ${expected}`, `revision ${stored.revision}`);
  const tail = HASH_TAIL.exec(text);
  if (tail === null) throw damaged("is torn", "a text that ends with its hash", `one that ends with ${JSON.stringify(text.slice(-40))}`);
  const content = sha256(`${text.slice(0, tail.index)}}`);
  if (content !== tail[1]) throw damaged("does not have the content its hash says", `hash ${content}`, `hash ${tail[1]}`);

  const record = parseRecord(stream, expected, text);
  if (record.revision !== expected)
    throw damaged(`says that it is ${record.revision}`, `revision ${expected}`, `revision ${record.revision}`);
  if (record.prevHash !== previous.hash)
    throw damaged("does not follow the record before it", `prevHash ${previous.hash}`, `prevHash ${record.prevHash}`);
  return record;
}

function parseRecord(stream: StreamId, revision: Revision, text: string): LogRecord {
  const json = parseJson(stream, revision, text);
  // The format first: what a later one looks like is not for this release to judge.
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (typeof format === "number" && format > RECORD_FORMAT) throw new LogTooNew(stream, format);
  const parsed = LogRecordSchema.safeParse(json);
  // What was stored goes on, not the parsed copy: that leaves out a member called `__proto__`, and a file may have that name.
  if (parsed.success) return json as LogRecord;
  const [issue] = parsed.error.issues;
  const found = `at ${issue?.path.join(".") ?? "its top"}: ${issue?.message ?? "another shape"}`;
  throw new LogDamaged(stream, revision, "is no record", { expected: "the members of a record", found }, parsed.error);
}

function parseJson(stream: StreamId, revision: Revision, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const difference = { expected: "JSON", found: `text that begins with ${JSON.stringify(text.slice(0, 40))}` };
    throw new LogDamaged(stream, revision, "is no record", difference, cause);
  }
}

/** What stands before the first record. */
export const BEFORE_FIRST: { readonly revision: Revision; readonly hash: Hash } = { revision: 0, hash: FIRST_PREV_HASH };
