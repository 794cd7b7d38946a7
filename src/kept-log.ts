/**
 * What commands do with a log as it is kept, whoever hands it over: put together here, because the store, the rules and the
 * wire's messages each know one part of it.
 */
import { blobsOf } from "./core/session/blobs.ts";
import { session } from "./core/session/session.ts";
import { type KeptLog, type StreamReport, verifyLog } from "./engine/verify.ts";
import type { StoreFolder } from "./git/store-folder.ts";
import { openLogCopy } from "./store/sqlite-copy.ts";
import type { SessionEvent } from "./wire/session.ts";

export type { Flaw, KeptLog, Span, StreamReport } from "./engine/verify.ts";

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
  const reading = {
    readEvent: (stored: unknown) => session.readEvent(stored),
    blobsOf: (event: object) => blobsOf(event as SessionEvent),
  };
  return verifyLog(log, reading, onRecord);
}
