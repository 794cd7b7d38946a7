/**
 * A log that nobody owns, read without touching it.
 *
 * SQLite writes when it opens a log: it replays the WAL and takes the lock, which keeps a sidecar from starting. So the log
 * and its WAL are copied into a folder of this user's own, and the copy is opened, with every check that a sidecar makes.
 */
import { copyFile as copyOne, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreHeld, StoreUnavailable } from "./errors.ts";
import { exists, isCode } from "./file-system.ts";
import { loadSqliteDriver, type SqliteDriver } from "./sqlite-driver.ts";
import { isHeld } from "./sqlite-held.ts";
import { reserve } from "./sqlite-take.ts";
import { openSqliteStore } from "./sqlite.ts";
import type { EventStore } from "./store.ts";

const PARTS = ["", "-wal"];

/** What may be asked of it. Disposing removes the copy. */
export type LogCopy = AsyncDisposable & Pick<EventStore, "read" | "streams" | "getBlob">;

export interface CopyOptions {
  /** Where the copy is made; the system's folder for temporary files. */
  readonly inFolder?: string;
  readonly copyFile?: (from: string, to: string) => Promise<void>;
}

/**
 * @throws StoreHeld when a process owns the log, or comes to own it meanwhile
 * @throws StoreUnavailable when there is none, or no room for a copy
 * @throws StoreCorrupt, StoreTooNew as `openSqliteStore` does
 */
export async function openLogCopy(path: string, { inFolder = tmpdir(), copyFile = copyOne }: CopyOptions = {}): Promise<LogCopy> {
  const driver = await loadSqliteDriver();
  const folder = await mkdtemp(join(inFolder, "signalbox-log-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  try {
    const copy = join(folder, "log.db");
    await copyUnowned(path, copy, driver, copyFile);
    const store = await inOriginalsName(path, copy, () => openSqliteStore({ path: copy, driver }));
    return {
      async *read(stream, after, atOnce) {
        const records = store.read(stream, after, atOnce)[Symbol.asyncIterator]();
        for (;;) {
          const next = await inOriginalsName(path, copy, () => records.next());
          if (next.done === true) return;
          yield next.value;
        }
      },
      streams: () => inOriginalsName(path, copy, () => store.streams()),
      getBlob: (hash) => inOriginalsName(path, copy, () => store.getBlob(hash)),
      async [Symbol.asyncDispose]() {
        await store.close();
        await remove();
      },
    };
  } catch (fault) {
    await remove();
    throw fault;
  }
}

async function copyUnowned(path: string, copy: string, driver: SqliteDriver, copyFile: Required<CopyOptions>["copyFile"]): Promise<void> {
  if (!(await exists(path)) && !(await exists(`${path}-wal`))) throw new StoreUnavailable(`there is no log ${path}`);
  const reserved = await reserve(path);
  try {
    if (isHeld(reserved.path, driver)) throw new StoreHeld(path);
    const before = await looksOf(reserved.path);
    for (const part of PARTS) await copyFile(reserved.path + part, copy + part).catch(unlessMissing);
    // Whoever opens a log writes into it at once.
    if (isHeld(reserved.path, driver) || (await looksOf(reserved.path)) !== before) throw new StoreHeld(path);
  } catch (fault) {
    if (!(fault instanceof Error && "errno" in fault)) throw fault;
    throw new StoreUnavailable(`the log ${path} cannot be copied to ${copy}: ${fault.message}`, fault);
  } finally {
    reserved.release();
  }
}

function unlessMissing(fault: unknown): void {
  if (!isCode(fault, "ENOENT")) throw fault;
}

/** Which files these are, and when they were written last. */
async function looksOf(path: string): Promise<string> {
  const found = await Promise.all(PARTS.map((part) => stat(path + part, { bigint: true }).catch(unlessMissing)));
  return found.map((file) => (file === undefined ? "none" : `${file.dev}:${file.ino}:${file.size}:${file.mtimeNs}`)).join(" ");
}

/** Faults name the file that was asked about, not its copy. */
async function inOriginalsName<Result>(path: string, copy: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (fault) {
    if (fault instanceof Error) fault.message = fault.message.replaceAll(copy, () => path);
    throw fault;
  }
}
