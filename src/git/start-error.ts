/**
 * Why the last start of a sidecar failed, left in the store's folder for the bridge that waits for it.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "../wire/start-error.ts";
import { StoreWriteFailed } from "./store-write-failed.ts";

const pathIn = (folder: string): string => join(folder, "start-error.json");

/** @throws StoreWriteFailed, and nothing half-written is left */
export async function writeStartError(folder: string, error: StartError): Promise<void> {
  const path = pathIn(folder);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(error)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new StoreWriteFailed(path, cause);
  }
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
