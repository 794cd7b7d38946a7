/** How a log file comes into being: whole, under its name, in one step, and readable by its owner alone. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { exists, isCode, syncFolder } from "./file-system.ts";
import type { SqliteConnection, SqliteDriver } from "./sqlite-driver.ts";
import { markText } from "./sqlite-mark.ts";
import { APPLICATION_ID, PAGE_BYTES, SCHEMA_FORMAT, TABLES } from "./sqlite-schema.ts";

/**
 * Makes an empty log in a folder that exists, unless there is a file at `path`; of several who try at once one succeeds and the others find its file.
 * An empty file is therefore never a log that is being born, but one that was cut off.
 */
export async function createLog(path: string, driver: SqliteDriver): Promise<void> {
  if (await exists(path)) return;
  const unnamed = `${path}.new-${randomBytes(8).toString("hex")}`;
  try {
    await (await open(unnamed, "wx", 0o600)).close();
    writeTables(driver.open(unnamed, "write"));
    await nameOnce(unnamed, path);
  } finally {
    await rm(unnamed, { force: true });
  }
  await syncFolder(dirname(path));
}

function writeTables(connection: SqliteConnection): void {
  try {
    connection.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = NONE; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;`);
    const mark = markText({ log: randomBytes(16).toString("hex"), generation: 0, records: "closed" });
    connection.exec(`
      BEGIN;
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${SCHEMA_FORMAT};
      ${TABLES}
      INSERT INTO mark (id, text) VALUES (1, '${mark}');
      COMMIT;`);
  } finally {
    connection.close();
  }
}

/** Gives the file its name unless the name is taken. A file system without hard links gets a copy, which is as exclusive. */
async function nameOnce(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (isCode(error, "EEXIST")) return;
    await copyFile(from, to, constants.COPYFILE_EXCL).catch((failed: unknown) => {
      if (!isCode(failed, "EEXIST")) throw failed;
    });
  }
}
