/** How a log that nobody can open makes room for a new one without being lost: it is renamed, by somebody who asked for that. */
import { rename } from "node:fs/promises";
import { dirname } from "node:path";
import { StoreHeld, StoreUnavailable } from "./errors.ts";
import { exists, syncFolder } from "./file-system.ts";
import { loadSqliteDriver, type SqliteDriver } from "./sqlite-driver.ts";
import { isHeld } from "./sqlite-held.ts";
import { reserve } from "./sqlite-take.ts";

const PARTS = ["", "-wal", "-shm"];

/**
 * Renames the log and what SQLite keeps beside it to `<path>.corrupt-<UTC stamp>` in the same folder, overwriting nothing.
 * The parts keep their endings, so SQLite's own tools read the result where it can be read at all.
 *
 * @param nowMs - milliseconds since 1970, for the stamp
 * @returns the log's new path
 * @throws StoreHeld when a process owns it, whether it is corrupt or not
 * @throws StoreUnavailable when there is no log or it cannot be renamed
 */
export async function setAside(path: string, nowMs: number): Promise<string> {
  const driver = await loadSqliteDriver();
  if (!(await anyExists(path))) throw new StoreUnavailable(`there is no log ${path}`);
  const reserved = await reserve(path);
  try {
    return await renameUnowned(reserved.path, driver, nowMs);
  } catch (fault) {
    if (!(fault instanceof Error && "errno" in fault)) throw fault;
    throw new StoreUnavailable(`the log ${path} cannot be renamed: ${fault.message}`, fault);
  } finally {
    reserved.release();
  }
}

async function renameUnowned(path: string, driver: SqliteDriver, nowMs: number): Promise<string> {
  if (isHeld(path, driver)) throw new StoreHeld(path);
  const aside = await unusedName(`${path}.corrupt-${stamp(nowMs)}`);
  await move(path, aside);
  if (isHeld(aside, driver)) {
    await move(aside, path); // somebody opened it between the look and the renaming
    throw new StoreHeld(path);
  }
  await syncFolder(dirname(path));
  return aside;
}

/** `20261121T100114Z`: sorts by time and stands in a file name on every system. */
function stamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
}

async function unusedName(wanted: string): Promise<string> {
  for (let nth = 1; ; nth += 1) {
    const name = nth === 1 ? wanted : `${wanted}-${nth}`;
    if (!(await anyExists(name))) return name;
  }
}

async function anyExists(path: string): Promise<boolean> {
  const found = await Promise.all(PARTS.map((part) => exists(path + part)));
  return found.includes(true);
}

async function move(from: string, to: string): Promise<void> {
  for (const part of PARTS) {
    if (await exists(from + part)) await rename(from + part, to + part);
  }
}
