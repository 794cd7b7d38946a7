/** How a small file of this user's is written: for its owner alone, and in one step, so that nobody reads half of it. */
import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StoreWriteFailed } from "./store-write-failed.ts";

/** @throws StoreWriteFailed, and what stood at `path` still does */
export async function replacePrivate(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.chmod(0o600); // a umask may have taken our own right to read it
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw new StoreWriteFailed(path, cause);
  }
}
