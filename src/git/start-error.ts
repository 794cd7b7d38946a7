/**
 * Why the last start of a sidecar failed, left in the store's folder for the bridge that waits for it.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "../wire/start-error.ts";

const pathIn = (folder: string): string => join(folder, "start-error.json");

export async function writeStartError(folder: string, error: StartError): Promise<void> {
  const temporary = `${pathIn(folder)}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(error)}\n`, { mode: 0o600 });
  await rename(temporary, pathIn(folder));
}

/** Undefined when the last start did not fail, or left nothing readable. */
export async function readStartError(folder: string): Promise<StartError | undefined> {
  const text = await readFile(pathIn(folder), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return StartError.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function clearStartError(folder: string): Promise<void> {
  await rm(pathIn(folder), { force: true });
}
