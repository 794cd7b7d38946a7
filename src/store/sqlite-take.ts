/**
 * How a process comes to own a log file, when others may be trying in the same moment.
 *
 * An owner answers every newcomer's first touch with a refusal. Two newcomers can also refuse each other, each holding half of
 * the lock; so whoever is refused lets go and tries again a few milliseconds later, a few times, before it believes that
 * there is an owner.
 */
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StoreHeld, StoreUnavailable } from "./errors.ts";
import { isCode } from "./file-system.ts";
import { createLog } from "./sqlite-create.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";
import { resultCode, storeFault } from "./sqlite-fault.ts";
import { isHeld } from "./sqlite-held.ts";
import { ownSqliteFile, type SqliteFile } from "./sqlite-file.ts";
import { refuseStrayWal, StrayWal } from "./stray-wal.ts";

const TRIES = 4;
/** Milliseconds between two tries, at most. */
const PAUSE_MS = 15;

/** Files owned by this process, or about to be: the system's locks do not tell its connections apart. */
const ownedHere = new Set<string>();

export interface TakenLog {
  readonly file: SqliteFile;
  /** To be called once `file` is closed. */
  readonly release: () => void;
}

/** @throws StoreHeld, StoreCorrupt, StoreTooNew, StoreUnavailable as `openSqliteStore` does */
export async function takeLog(given: string, driver: SqliteDriver): Promise<TakenLog> {
  try {
    await mkdir(dirname(given), { recursive: true, mode: 0o700 });
    const { path, release } = await reserve(given);
    try {
      return { file: await ownAfterTries(path, driver), release };
    } catch (fault) {
      release();
      throw fault;
    }
  } catch (error) {
    const fault = storeFault(given, error);
    if (!(fault instanceof Error && "errno" in fault)) throw fault;
    throw new StoreUnavailable(`the log ${given} is out of reach: ${fault.message}`, fault);
  }
}

/**
 * Keeps the rest of this process away from the file until `release` is called.
 *
 * @returns the real path, under which SQLite keeps the WAL
 * @throws StoreHeld when it is kept already
 */
export async function reserve(given: string): Promise<{ readonly path: string; readonly release: () => void }> {
  const path = await realPath(given);
  if (ownedHere.has(path)) throw new StoreHeld(given);
  ownedHere.add(path);
  return { path, release: () => void ownedHere.delete(path) };
}

async function realPath(given: string): Promise<string> {
  try {
    return await realpath(given);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
    return join(await realpath(dirname(given)), basename(given));
  }
}

async function ownAfterTries(path: string, driver: SqliteDriver): Promise<SqliteFile> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      await refuseStrayWal(path);
      await createLog(path, driver);
      return ownSqliteFile(path, driver);
    } catch (fault) {
      const stray = fault instanceof StrayWal;
      if (stray && isHeld(path, driver)) throw new StoreHeld(path, fault); // its owner was writing while we compared
      if (left === 0 || !(stray || resultCode(fault) === "BUSY")) throw fault;
      await pause(1 + Math.random() * PAUSE_MS);
    }
  }
}
