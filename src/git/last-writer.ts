/**
 * `written-by.json`: the release that wrote into a store last. An older one that cannot read what it finds there knows from
 * this which release to ask for; nothing is decided by it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as wire from "../wire/last-writer.ts";
import { replacePrivate } from "./private-file.ts";

const LAST_WRITER_FILE = "written-by.json";

/** Undefined when nothing readable was left. */
export async function readLastWriter(folder: string): Promise<wire.LastWriter | undefined> {
  const text = await readFile(join(folder, LAST_WRITER_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return wire.LastWriter.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** To be called once the store is open and read: whoever gets that far will write. @throws StoreWriteFailed */
export async function noteWriter(folder: string, version: string): Promise<void> {
  if ((await readLastWriter(folder))?.version === version) return;
  await replacePrivate(join(folder, LAST_WRITER_FILE), `${JSON.stringify({ version })}\n`);
}
