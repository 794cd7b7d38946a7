/**
 * What commands do with a log as it is kept, whoever hands it over: put together here, because the store, the rules and the
 * wire's messages each know one part of it.
 */
import { UnknownEvent } from "../core/aggregate.ts";
import { board as boardAggregate } from "../core/board/board.ts";
import { mail as mailAggregate } from "../core/mail/mail.ts";
import { mcp as mcpAggregate } from "../core/mcp/mcp.ts";
import { blobsOf } from "../core/session/blobs.ts";
import { session as sessionAggregate } from "../core/session/session.ts";
import { initialState } from "../core/session/state.ts";
import { createTranscript } from "../edge/mpac/transcript.ts";
import { BEFORE_FIRST, unseal } from "../engine/seal.ts";
import { type KeptLog, type Reading, type StreamReport, verifyLog, wholeRecords } from "../engine/verify.ts";
import { claimStore } from "../git/owner-file.ts";
import { clearStartError } from "../git/start-error.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { setAside } from "../store/set-aside.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { openLogCopy } from "../store/sqlite-copy.ts";
import { type AggregateName, aggregateOf, SessionId, type StreamId, streamOf } from "../wire/ids.ts";
import type { TaggedEvent } from "../wire/record.ts";
import type { SessionEvent } from "../wire/session.ts";

const SESSION: Reading = {
  readEvent: (stored) => sessionAggregate.readEvent(stored),
  blobsOf: (event) => blobsOf(event as SessionEvent),
};

const withoutBlobs = (readEvent: Reading["readEvent"]): Reading => ({ readEvent, blobsOf: () => [] });

/** How to read what each aggregate has recorded. */
const READINGS: Readonly<Record<AggregateName, Reading>> = {
  session: SESSION,
  board: withoutBlobs((stored) => boardAggregate.readEvent(stored)),
  mail: withoutBlobs((stored) => mailAggregate.readEvent(stored)),
  mcp: withoutBlobs((stored) => mcpAggregate.readEvent(stored)),
};

/** A stream of an aggregate that this release does not have. */
const UNKNOWN = withoutBlobs((stored) => {
  throw new UnknownEvent((stored as TaggedEvent).type);
});

function readingOf(stream: StreamId): Reading {
  const name = aggregateOf(stream);
  return name === undefined ? UNKNOWN : READINGS[name];
}

export type { Flaw, KeptLog, Span, StreamReport } from "../engine/verify.ts";

/**
 * The log of a store that no sidecar has open; it stays as it is.
 *
 * @throws what `openLogCopy` throws
 */
export function openStoredLog({ logPath }: StoreFolder): Promise<KeptLog & AsyncDisposable> {
  return openLogCopy(logPath);
}

/** @throws what reading the log throws for a reason that is not in the log, and what `onRecord` throws */
export function judgeLog(log: KeptLog, onRecord: (read: number, total: number) => void): Promise<StreamReport[]> {
  return verifyLog(log, readingOf, onRecord);
}

/** Told while a transcript is written. */
export interface TranscriptNews {
  readonly messages: number;
  readonly read: number;
  readonly total: number;
}

/**
 * The transcript of a session, in pieces that make one JSON document. What a piece was made of has been judged before.
 *
 * @param onRecord - called for each record that was read
 * @throws LogDamaged, LogTooNew, UnknownEvent, and what reading the log and `onRecord` throw
 */
export async function* transcriptOf(
  log: KeptLog,
  session: string,
  exportedAtMs: number,
  onRecord: (news: TranscriptNews) => void,
): AsyncGenerator<string, void, undefined> {
  const stream = streamOf(SessionId.parse(session), "session");
  const streams = await log.streams();
  const total = streams.find((one) => one.stream === stream)?.head ?? 0;
  const transcript = createTranscript(session, exportedAtMs);
  const state = initialState();
  yield transcript.begin();
  for await (const record of wholeRecords(log, stream, total)) {
    for (const event of record.events) sessionAggregate.evolve(state, sessionAggregate.readEvent(event), record);
    yield transcript.add(record, state);
    onRecord({ messages: transcript.messages, read: record.revision, total });
  }
  yield transcript.end(state);
}

/**
 * Reads a log that no sidecar owns from end to end and checks that each record is whole and follows the one before.
 *
 * @returns how many records it has
 * @throws OwnedElsewhere, what `openSqliteStore` throws, LogDamaged, LogTooNew
 */
export async function checkLog({ folder, logPath }: StoreFolder): Promise<number> {
  await using _ownership = await claimStore(folder);
  await using store = await openSqliteStore({ path: logPath });
  let records = 0;
  for (const { stream } of await store.streams()) {
    let last = BEFORE_FIRST;
    for await (const stored of store.read(stream, 0)) last = unseal(stream, stored, last);
    records += last.revision;
  }
  return records;
}

/**
 * Renames a log that nobody can open, so that the next sidecar begins a new one.
 *
 * @returns its new path
 * @throws OwnedElsewhere, what `setAside` throws
 */
export async function setLogAside({ folder, logPath }: StoreFolder): Promise<string> {
  await using _ownership = await claimStore(folder);
  const aside = await setAside(logPath, Date.now());
  await clearStartError(folder).catch(() => undefined); // what it advised was this
  return aside;
}
