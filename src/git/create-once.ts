/**
 * A file that is made once: however many processes ask at the same moment, one text stands and everybody reads it.
 */
import { randomBytes } from "node:crypto";
import { link, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { errnoOf } from "./errno.ts";

/** How often a file that another process is just writing is read again. */
const MAX_READS = 1_000;

/** What a file system without hard links answers to link(2). */
export const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

export interface CreateOnceOptions {
  /** Permissions of the file, where the system has them. */
  readonly mode?: number;
  /** How a second name is given to a file; another one in tests of file systems that cannot. */
  readonly giveName?: (existing: string, name: string) => Promise<void>;
}

/**
 * What stands at `path`: `text` when nothing stood there before, else what somebody put there first. It is on the disk
 * and whole. Without hard links it is written in place, and a reader that finds it empty reads again.
 */
export async function createOnce(path: string, text: string, options: CreateOnceOptions = {}): Promise<string> {
  const { mode = 0o600, giveName = link } = options;
  const standing = await readStanding(path);
  if (standing !== undefined) return standing;
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeNew(temporary, text, mode);
    await giveName(temporary, path).catch(async (error: unknown) => {
      if (!NO_LINKS.has(errnoOf(error))) throw error;
      await writeNew(path, text, mode);
    });
    await flushFolder(dirname(path));
    return text;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return (await readStanding(path)) ?? Promise.reject(error as Error);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** Whether the system refused to write, as opposed to a disk that is full or broken. */
export function isReadOnly(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS"].includes(errnoOf(error));
}

async function readStanding(path: string): Promise<string | undefined> {
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    });
    if (text !== "") return text;
    await turn();
  }
  return "";
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a new name survive a crash, where the system can be asked for that. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
