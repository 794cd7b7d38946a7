/** The log of a sidecar that has stopped, read as an auditor reads it: whole, chained, and decided once more the same. */
import { session } from "../../src/core/session/session.ts";
import { BEFORE_FIRST, unseal } from "../../src/engine/seal.ts";
import { redecide } from "../../src/engine/redecide.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { SessionId, streamOf } from "../../src/wire/ids.ts";
import type { LogRecord } from "../../src/wire/record.ts";

/** The session's stream, whole. @throws LogDamaged */
export async function recordsOf(logPath: string, sessionId: string): Promise<LogRecord[]> {
  await using store = await openSqliteStore({ path: logPath });
  const stream = streamOf(SessionId.parse(sessionId), "session");
  const records: LogRecord[] = [];
  let head = BEFORE_FIRST;
  for await (const stored of store.read(stream, 0)) {
    const record = unseal(stream, stored, head);
    head = { revision: record.revision, hash: record.hash };
    records.push(record);
  }
  return records;
}

/**
 * Reads the session's stream and decides it again. Gives the number of records.
 *
 * @throws LogDamaged, or what `redecide` throws at the first difference
 */
export async function decidedAgain(logPath: string, sessionId: string): Promise<number> {
  const records = await recordsOf(logPath, sessionId);
  redecide(session, records);
  return records.length;
}
