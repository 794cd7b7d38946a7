/** Whether some process owns a log file, asked without touching it. */
import type { SqliteDriver } from "./sqlite-driver.ts";
import { resultCode } from "./sqlite-fault.ts";

/**
 * An owner's lock answers before SQLite looks at a single byte, so the answer stands for a corrupt file too. Where there is
 * no owner, a connection that may only read asks for the whole lock, does not get it, and so comes to no WAL it could make.
 */
export function isHeld(path: string, driver: SqliteDriver): boolean {
  try {
    const connection = driver.open(path, "read");
    try {
      connection.exec("PRAGMA locking_mode = EXCLUSIVE");
      connection.prepare("SELECT count(*) FROM sqlite_schema").get();
      return false;
    } finally {
      connection.close();
    }
  } catch (fault) {
    return resultCode(fault) === "BUSY";
  }
}
