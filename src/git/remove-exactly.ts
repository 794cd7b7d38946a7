/** How one of many processes takes a file away that they all judged by its text, and never one that came in its place. */
import { randomBytes } from "node:crypto";
import { link, readFile, rename, unlink } from "node:fs/promises";
import { errnoOf } from "./errno.ts";

/** Removes the file if it still holds `text`: by a rename, which one process can do; another one's file is put back. */
export async function removeExactly(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}.old`;
  try {
    if ((await readFile(path, "utf8").catch(() => undefined)) !== text) return;
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) !== text) await link(aside, path).catch(() => undefined);
    await unlink(aside);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw cause;
  }
}
