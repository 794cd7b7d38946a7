/**
 * The files of a project as they are on the disk: read whole or not at all, and exchanged in one step.
 *
 * A link is followed, and what it leads to is what changes. A file keeps its mode and owner.
 */
import type { Stats } from "node:fs";
import { lstat, readFile, realpath, rename, stat } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../../git/errno.ts";
import { flushDirectory, makeDirectories, removeEmpty, removeFile, temporaryPath, writeTemporary } from "../../git/temporary-file.ts";
import { CommandFault } from "../fault.ts";
import type { Change } from "./plan.ts";

/** More bytes are no settings. */
const MAX_BYTES = 8 * 1024 * 1024;

/** The text of a file, or undefined when there is none. @throws CommandFault for what cannot be edited as text */
export async function readProjectFile(root: string, name: string): Promise<string | undefined> {
  const found = await find(root, name);
  if (found.stats === undefined) return undefined;
  if (found.stats.size > MAX_BYTES) throw unfit(name, `has more than ${MAX_BYTES} bytes, so it is left alone`);
  const bytes = await readFile(found.target).catch((cause: unknown) => {
    throw unfit(name, `cannot be read (${errnoOf(cause)})`, cause);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unfit(name, "is not UTF-8 text, so it is left alone", cause);
  }
}

/** Where a file of this name really is, when links lead somewhere else. @throws CommandFault for what cannot be edited as text */
export async function linkedTo(root: string, name: string): Promise<string | undefined> {
  const { target } = await find(root, name);
  return target === join(root, name) ? undefined : target;
}

/** Folders below `root` that a file of this name still needs, outermost first. */
export async function missingFolders(root: string, name: string): Promise<readonly string[]> {
  const folders = name
    .split("/")
    .slice(0, -1)
    .map((_part, index, parts) => parts.slice(0, index + 1).join("/"));
  const there = await Promise.all(folders.map((folder) => exists(join(root, folder))));
  return folders.filter((_folder, index) => there[index] !== true);
}

/** Carries out a change, unless the file is not what the change began with. @throws CommandFault */
export async function writeProjectFile(root: string, { name, before, after }: Change): Promise<void> {
  if ((await readProjectFile(root, name)) !== before) {
    throw new CommandFault("init/changed", `${name} was changed in the meantime and is left as it is; run the command again`);
  }
  try {
    if (after !== undefined) await makeDirectories(await missingPaths(root, name), () => undefined);
    const { target, stats } = await find(root, name);
    if (after === undefined) return await removeFile(target);
    const temporary = temporaryPath(target, randomUUID());
    await writeTemporary(temporary, Buffer.from(after, "utf8"), stats);
    await rename(temporary, target).catch(async (cause: unknown) => {
      await removeFile(temporary);
      throw cause;
    });
    await flushDirectory(dirname(target));
  } catch (cause) {
    if (cause instanceof CommandFault) throw cause;
    throw new CommandFault("init/not-written", `${name} cannot be written (${errnoOf(cause)}): see who may write in ${root}`, cause);
  }
}

/** Removes those folders that are empty. */
export async function removeFolders(root: string, folders: readonly string[]): Promise<void> {
  await removeEmpty(folders.map((folder) => join(root, folder)));
}

async function missingPaths(root: string, name: string): Promise<readonly string[]> {
  return (await missingFolders(root, name)).map((folder) => join(root, folder));
}

interface Found {
  /** Behind every link. */
  readonly target: string;
  readonly stats: Stats | undefined;
}

async function find(root: string, name: string): Promise<Found> {
  const path = join(root, name);
  const entry = await lstat(path).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw unfit(name, `cannot be looked at (${errnoOf(cause)})`, cause);
  });
  if (entry === undefined) {
    const folder = await realpath(dirname(path)).catch(() => dirname(path));
    return { target: join(folder, basename(path)), stats: undefined };
  }
  const target = await realpath(path).catch((cause: unknown) => {
    throw unfit(name, "is a link that leads nowhere", cause);
  });
  const stats = await stat(target);
  if (!stats.isFile()) throw unfit(name, "is not a file");
  return { target, stats };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function unfit(name: string, what: string, cause?: unknown): CommandFault {
  return new CommandFault("init/not-editable", `${name} ${what}; put that right and run the command again`, cause);
}
