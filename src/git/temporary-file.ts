/**
 * The file that a change waits in: beside its target, so that one rename puts it in place, and on the disk before
 * anybody is told of it.
 */
import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, mkdir, open, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "./errno.ts";
import { placeOf, standsAt } from "./safe-path.ts";
import { MAX_NAME_BYTES } from "./written-path.ts";

const MARK = ".signalbox-";
const ENDING = ".tmp";
const PERMISSIONS = 0o777;

/** Sixteen hex digits that stand for an operation in file names. */
export function opDigest(opId: string): string {
  return createHash("sha256").update(opId).digest("hex").slice(0, 16);
}

/** Where the change `opId` of the file at `absolute` waits. The name is at most 255 bytes long. */
export function temporaryPath(absolute: string, opId: string): string {
  const tail = `${MARK}${opDigest(opId)}${ENDING}`;
  let shown = basename(absolute);
  while (Buffer.byteLength(shown) > MAX_NAME_BYTES - 1 - tail.length) shown = shown.replace(/.$/su, "");
  return join(dirname(absolute), `.${shown}${tail}`);
}

/** Whether this is the name of a file in which the change `opId` waits. */
export function isTemporaryOf(path: string, opId: string): boolean {
  return path.endsWith(`${MARK}${opDigest(opId)}${ENDING}`);
}

/**
 * Writes and flushes the file. Mode and owner are those of `like`, the file that it is to replace; a new one gets what
 * the process's umask leaves of 0666. One that an earlier attempt at the same operation left is replaced.
 *
 * Nothing is left when it throws.
 */
export async function writeTemporary(path: string, bytes: Uint8Array, like: Stats | undefined): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  await unlink(path).catch(unlessAbsent);
  const handle = await open(path, flags, like === undefined ? 0o666 : 0o600);
  // By its path it may be somewhere else: a directory above that turned into a link may be a directory again.
  const madeAt = (await placeOf(handle)) ?? path;
  try {
    await fill(handle, path, bytes, like).finally(() => handle.close());
  } catch (cause) {
    await unlink(madeAt).catch(() => undefined);
    throw cause;
  }
}

async function fill(handle: FileHandle, path: string, bytes: Uint8Array, like: Stats | undefined): Promise<void> {
  if (!(await standsAt(path, handle))) {
    throw Object.assign(new Error("a directory above the file turned into a link"), { code: "ELOOP" });
  }
  await handle.writeFile(bytes);
  if (like !== undefined) {
    const own = await handle.stat();
    if (own.uid !== like.uid || own.gid !== like.gid) await handle.chown(like.uid, like.gid).catch(() => undefined); // only root may
    await handle.chmod(like.mode & PERMISSIONS);
  }
  await handle.sync();
}

/** Makes the directories that `absolute` needs and calls `made` for each before the next, outermost first. */
export async function makeDirectories(directories: readonly string[], made: (directory: string) => void): Promise<void> {
  for (const directory of directories) {
    try {
      await mkdir(directory);
      made(directory);
      await flushDirectory(dirname(directory));
    } catch (cause) {
      if (errnoOf(cause) !== "EEXIST") throw cause;
    }
  }
}

/** Removes those directories that are still empty, innermost first. */
export async function removeEmpty(directories: readonly string[]): Promise<void> {
  for (const directory of directories.toReversed()) {
    const gone = await rmdir(directory).then(
      () => true,
      (cause: unknown) => errnoOf(cause) === "ENOENT",
    );
    if (!gone) return;
  }
}

/** Removes a file; one that is gone already is fine. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(unlessAbsent);
}

/** Makes a rename in `directory` survive a crash, where the system can be asked for that. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function unlessAbsent(cause: unknown): void {
  if (errnoOf(cause) !== "ENOENT") throw cause;
}
