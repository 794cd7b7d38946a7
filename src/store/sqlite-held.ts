/** Whether some process owns a log file, asked without touching it. */
import type { SqliteDriver } from "./sqlite-driver.ts";
import { resultCode } from "./sqlite-fault.ts";

/**
 * An owner's lock answers before SQLite looks at a single byte, so the answer stands for a corrupt file too.
 * The reading connection cannot write: it neither replays nor removes a WAL.
 */
export function isHeld(path: string, driver: SqliteDriver): boolean {
  try {
    const connection = driver.open(path, "read");
    try {
      connection.prepare("SELECT count(*) FROM sqlite_schema").get();
      return false;
    } finally {
      connection.close();
    }
  } catch (fault) {
    return resultCode(fault) === "BUSY";
  }
}
