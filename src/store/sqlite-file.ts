/**
 * One log file, owned: the lock, the settings that make a commit durable, transactions, checkpoints, and the end.
 *
 * The lock is SQLite's own, taken before the first read and given up by `close` or by the death of the process. While it is
 * held, nothing in this process may open the file by other means: POSIX drops a process's locks with any descriptor it closes.
 */
import { type BigIntStats, statSync } from "node:fs";
import { StoreCorrupt, StoreGone, StoreTooNew, StoreUnavailable, type StoreUnsynced } from "./errors.ts";
import { isCode } from "./file-system.ts";
import type { SqliteConnection, SqliteDriver } from "./sqlite-driver.ts";
import { isUnsynced, resultCode } from "./sqlite-fault.ts";
import { type Mark, markText, parseMark, type Whereabouts } from "./sqlite-mark.ts";
import { APPLICATION_ID, PAGE_BYTES, SCHEMA_FORMAT, TABLE_QUERIES } from "./sqlite-schema.ts";
import { unsynced, walSync } from "./wal-sync.ts";

/** Below this size a log is checked whole at every opening, which takes some 20 ms; above, after a crash only. */
const ALWAYS_CHECKED_BYTES = 64 * 2 ** 20;
/** A WAL that a burst made longer is cut to this length when it begins anew. */
const WAL_KEPT_BYTES = 16 * 2 ** 20;

export interface SqliteFile {
  readonly path: string;
  readonly connection: SqliteConnection;
  /**
   * Runs `work` in a transaction that is durable when the call returns, and undone when it throws. Faults are the engine's own.
   *
   * @throws StoreGone when the file was removed or replaced: what is written into a file without a name is lost
   * @throws StoreUnsynced when nobody knows what the disk has: the file takes nothing more
   * @throws StoreUnavailable when nobody can tell
   */
  transaction<T>(work: () => T): T;
  /**
   * Runs `work` in a transaction as `transaction` does, which is durable when `synced` resolves: the process goes on while the
   * disk works. When that rejects nobody knows what the disk has, and the file takes nothing more.
   */
  transactionSyncedLater<T>(work: () => T): { readonly result: T; readonly synced: Promise<void> };
  /**
   * Whether the files at the path are still the ones that are owned: a few microseconds, and no file is opened.
   *
   * @throws StoreUnavailable when nobody can tell, as in a folder that must not be entered any more
   */
  inPlace(): boolean;
  /** Moves what is in the WAL into the file, as far as it goes. It is never needed for durability. */
  checkpoint(): void;
  /** Leaves one file behind, whole and closed, or, where there is no room for that, the file and its WAL. */
  close(): void;
}

/**
 * Takes the file, which must exist.
 *
 * A log that was not closed, or is smaller than 64 MiB, is checked page by page; a larger one shows damage when it is read.
 *
 * @throws StoreCorrupt, StoreTooNew; and the engine's BUSY when another process owns it
 */
export function ownSqliteFile(path: string, driver: SqliteDriver): SqliteFile {
  const connection = driver.open(path, "write");
  try {
    connection.exec("PRAGMA locking_mode = EXCLUSIVE");
    refuseStranger(path, connection);
    setDurable(path, connection);
    for (const query of TABLE_QUERIES) connection.prepare(query);
    const mark = readMark(path, connection);
    if (mark.records !== "closed" || sizeBytes(connection) <= ALWAYS_CHECKED_BYTES) checkPages(path, connection);
    const file = ownedFile(path, connection, mark);
    markAsOpen(file);
    return file;
  } catch (fault) {
    connection.close();
    if (resultCode(fault) === "ERROR") throw new StoreCorrupt(path, fault instanceof Error ? fault.message : String(fault), fault);
    throw fault;
  }
}

/** Marks the file as one whose WAL must be there. On a full disk it cannot be marked, and is opened for its readers. */
function markAsOpen(file: SqliteFile): void {
  try {
    file.checkpoint();
  } catch (fault) {
    if (resultCode(fault) !== "FULL") throw fault;
  }
}

function refuseStranger(path: string, connection: SqliteConnection): void {
  const application = Number(pragma(connection, "application_id"));
  if (application !== APPLICATION_ID) {
    throw new StoreCorrupt(path, `it is a database of another program, with application id ${application} and not ${APPLICATION_ID}`);
  }
  const format = Number(pragma(connection, "user_version"));
  if (format > SCHEMA_FORMAT) throw new StoreTooNew(path, format, SCHEMA_FORMAT);
  if (format < 1) throw new StoreCorrupt(path, `its schema has format ${format}, which no release has written`);
}

/** A commit is on the disk when it returns, or when the WAL has been synced. */
const SYNCED = { now: "PRAGMA synchronous = FULL", later: "PRAGMA synchronous = NORMAL" } as const;

function setDurable(path: string, connection: SqliteConnection): void {
  const mode = pragma(connection, "journal_mode = WAL");
  if (mode !== "wal") throw new StoreUnavailable(`the log ${path} stays in journal mode ${String(mode)}, and wal is needed`);
  connection.exec(`
    ${SYNCED.now};
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${WAL_KEPT_BYTES};
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;`);
}

function readMark(path: string, connection: SqliteConnection): Mark {
  const mark = parseMark(connection.prepare<{ text: string }>("SELECT text FROM mark").get()?.text ?? "");
  if (mark === undefined) throw new StoreCorrupt(path, "its mark is unreadable");
  return mark;
}

function sizeBytes(connection: SqliteConnection): number {
  return Number(pragma(connection, "page_count")) * PAGE_BYTES;
}

function checkPages(path: string, connection: SqliteConnection): void {
  const found = pragma(connection, "quick_check(1)");
  if (found !== "ok") throw new StoreCorrupt(path, String(found).replaceAll(/\s+/g, " ").trim());
}

/** The first value of the first row. */
function pragma(connection: SqliteConnection, text: string): unknown {
  const row = connection.prepare<Readonly<Record<string, unknown>>>(`PRAGMA ${text}`).get();
  return row && Object.values(row)[0];
}

function ownedFile(path: string, connection: SqliteConnection, found: Mark): SqliteFile {
  const begin = connection.prepare("BEGIN IMMEDIATE");
  const commit = connection.prepare("COMMIT");
  const writeMark = connection.prepare("UPDATE mark SET text = ? WHERE id = 1");
  const checkpointWal = connection.prepare<Checkpointed>("PRAGMA wal_checkpoint(PASSIVE)");
  const inPlace = placeOf(path);
  const wal = walSync(path);
  let mark = found;
  let broken: StoreUnsynced | undefined;
  let walBeginsAnew = found.records === "closed";

  function undo(): void {
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }

  const nextMark = (records: Whereabouts): Mark => ({ ...mark, generation: mark.generation + (walBeginsAnew ? 1 : 0), records });

  function transaction<T>(records: Whereabouts, work: () => T): T {
    if (broken !== undefined) throw broken;
    undo();
    if (!inPlace()) throw new StoreGone(path);
    begin.run();
    try {
      const next = walBeginsAnew || records !== mark.records ? nextMark(records) : mark;
      if (next !== mark) writeMark.run(markText(next));
      const result = work();
      commit.run();
      mark = next;
      walBeginsAnew = false;
      return result;
    } catch (fault) {
      undo();
      if (!isUnsynced(fault)) throw fault;
      // SQLite takes it back in memory alone: what a kill leaves in the WAL is a whole commit.
      throw (broken = unsynced(path, fault));
    }
  }

  return {
    path,
    connection,
    inPlace,
    transaction: (work) => transaction("in-use", work),
    transactionSyncedLater(work) {
      if (!wal.open()) return { result: transaction("in-use", work), synced: Promise.resolve() };
      connection.exec(SYNCED.later);
      try {
        const result = transaction("in-use", work);
        const synced = wal.sync().catch((fault: StoreUnsynced) => {
          broken = fault;
          throw fault;
        });
        return { result, synced };
      } finally {
        connection.exec(SYNCED.now);
      }
    },
    checkpoint() {
      if (broken !== undefined) return;
      transaction("parted", () => undefined);
      const done = checkpointWal.get();
      walBeginsAnew = done?.busy === 0 && done.log === done.checkpointed;
      transaction("in-use", () => undefined);
    },
    close() {
      wal.close();
      try {
        if (broken === undefined) {
          transaction("closed", () => undefined);
          connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        }
      } catch (fault) {
        if (resultCode(fault) === undefined && !(fault instanceof StoreUnavailable)) throw fault; // the WAL stays, which the next opening replays
      } finally {
        connection.close();
      }
    },
  };
}

/** Whether log and WAL are the files that stood there at first. A WAL that there was none of yet is looked at when it is there. */
function placeOf(path: string): () => boolean {
  const log = inodeAt(path);
  let wal = inodeAt(`${path}-wal`);
  return () => {
    if (log === undefined || inodeAt(path) !== log) return false;
    const walNow = inodeAt(`${path}-wal`);
    wal ??= walNow;
    return walNow === wal;
  };
}

function inodeAt(path: string): string | undefined {
  let found: BigIntStats | undefined;
  try {
    found = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (fault) {
    if (isCode(fault, "ENOTDIR")) return undefined;
    throw new StoreUnavailable(
      `nobody can tell whether ${path} is still there: ${fault instanceof Error ? fault.message : String(fault)}`,
      fault,
    );
  }
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

interface Checkpointed {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}
