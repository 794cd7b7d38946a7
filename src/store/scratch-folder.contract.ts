/** A folder of its own for a test file's logs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Returns a function that names a new log, each in a folder that does not exist yet. All goes after the file's last test. */
export function scratchLogs(): () => Promise<string> {
  const folder = mkdtemp(join(tmpdir(), "signalbox-store-"));
  let named = 0;
  afterAll(async () => rm(await folder, { recursive: true, force: true, maxRetries: 5 }));
  return async () => join(await folder, String((named += 1)), "log.db");
}
