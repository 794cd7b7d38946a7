/**
 * Which file of a worktree a path means on the disk, and that it is a file of that worktree and nothing else.
 *
 * Links are followed as long as they stay inside the worktree and out of git's own directory. What was opened is compared
 * with what was checked, so a directory that turns into a link in between is noticed and not read.
 */
import { type BigIntStats, constants, lstatSync, realpathSync } from "node:fs";
import { type FileHandle, lstat, open, readFile, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { errnoOf } from "./errno.ts";
import { isGitName, type PathRefusal, quotePath, readWrittenPath } from "./written-path.ts";

/** How often a file that moved while it was opened is looked for again. */
const OPEN_ATTEMPTS = 3;

/** A file of the worktree, or a place where one may be made. */
export interface SafePath {
  readonly ok: true;
  /** Relative to the worktree, separated by `/`, as its caller named it. */
  readonly path: string;
  /** Where its bytes lie: the real path, every link followed. */
  readonly absolute: string;
  /** Its name in its directory: a link itself, where it is one; else the same as `absolute`. */
  readonly entry: string;
  readonly exists: boolean;
  /** The worktree's real path. */
  readonly root: string;
}

export type PathAnswer = SafePath | PathRefusal;

/** What may not be touched although it lies in the worktree. */
export interface Closed {
  /** Real paths; all that is under them is closed. */
  readonly folders: readonly string[];
  /** Single files by `inodeOf`, under whatever name they stand. */
  readonly inodes: ReadonlySet<string>;
}

export const NOTHING_CLOSED: Closed = { folders: [], inodes: new Set() };

export type OpenAnswer =
  | { readonly status: "open"; readonly place: SafePath; readonly handle: FileHandle; readonly stat: BigIntStats }
  | { readonly status: "missing"; readonly place: SafePath }
  | { readonly status: "refused"; readonly why: string };

/** Finds the file that `written` names in the worktree `root`, or says in one sentence why it may not be touched. */
export async function resolveInside(root: string, written: string, closed = NOTHING_CLOSED): Promise<PathAnswer> {
  let realRoot: string;
  try {
    realRoot = await realpath(root);
  } catch (cause) {
    return refuse(`the worktree ${quotePath(root)} cannot be reached (${errnoOf(cause)}): open the folder where it is now`);
  }
  let spelled = readWrittenPath([realRoot, resolve(root)], written);
  if (!spelled.ok && isAbsolute(written)) {
    const alias = await realName(written);
    if (alias !== undefined) spelled = readWrittenPath([realRoot], alias);
  }
  if (!spelled.ok) return spelled;
  return onDisk(realRoot, spelled.path, closed);
}

/**
 * Opens for reading what `written` names. The caller closes the handle.
 *
 * The last component is opened without following a link, and the open file must be the one that stands at the checked
 * place; otherwise the path is resolved again, three times in all. What is closed is refused before it is opened.
 */
export async function openInside(root: string, written: string, closed = NOTHING_CLOSED): Promise<OpenAnswer> {
  for (let attempt = 1; attempt <= OPEN_ATTEMPTS; attempt++) {
    const place = await resolveInside(root, written, closed);
    if (!place.ok) return { status: "refused", why: place.why };
    if (!place.exists) return { status: "missing", place };
    let handle: FileHandle;
    try {
      handle = await open(place.absolute, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === "ENOENT" || errno === "ELOOP" || errno === "ENOTDIR") continue; // it moved: look again
      return { status: "refused", why: `${quotePath(place.path)} cannot be read (${errno}): check its permissions` };
    }
    const opened = await handle.stat({ bigint: true });
    if (opened.isFile() && (await standsAt(place.absolute, handle))) return { status: "open", place, handle, stat: opened };
    await handle.close();
  }
  return { status: "refused", why: `${quotePath(written)} changes while it is opened: try again when it is at rest` };
}

/**
 * Whether the open file is the one at `absolute`, and no directory above it has become a link.
 *
 * Linux tells under which path a file was opened, which nothing can race. Elsewhere path and inode are compared at once,
 * which leaves microseconds to a program that exchanges directories all the time.
 */
export async function standsAt(absolute: string, handle: FileHandle): Promise<boolean> {
  const opened = await placeOf(handle);
  if (opened !== undefined) return opened === absolute;
  const { ino, dev } = await handle.stat({ bigint: true });
  try {
    const there = lstatSync(absolute, { bigint: true });
    return realpathSync.native(absolute) === absolute && there.ino === ino && there.dev === dev;
  } catch {
    return false;
  }
}

/** The real path of an open file, which no link that is exchanged can change; undefined where the system does not tell. */
export async function placeOf(handle: FileHandle): Promise<string | undefined> {
  return process.platform === "linux" ? readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined) : undefined;
}

/** A place inside the worktree as its path there, separated by `/`. */
export function showInside(root: string, absolute: string): string {
  return relative(root, absolute).split(sep).join("/");
}

/** Whether a real path is in a closed folder, or is one. */
export function isClosed(closed: Closed, real: string): boolean {
  return closed.folders.some((folder) => isInside(folder, real));
}

/** What a file is, whatever its name. */
export function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

async function onDisk(root: string, path: string, closed: Closed): Promise<PathAnswer> {
  const name = quotePath(path);
  const segments = path.split("/");
  for (let depth = segments.length; depth >= 0; depth--) {
    const reached = join(root, ...segments.slice(0, depth));
    let real: string;
    try {
      real = await realpath(reached);
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno !== "ENOENT") return refuse(`${name} cannot be reached: ${REACHING[errno] ?? errno}`);
      if (await isLink(reached)) return refuse(`${name} leads over a symbolic link to nothing: name the file itself, or repair the link`);
      continue;
    }
    const absolute = join(real, ...segments.slice(depth));
    const why = await refusedPlace(root, absolute, closed);
    if (why !== undefined) return refuse(`${name} ${why}`);
    if (depth < segments.length) return { ok: true, path, absolute, entry: absolute, exists: false, root };
    const found = await stat(real, { bigint: true }).catch(() => undefined);
    if (found?.isDirectory() === true) return refuse(`${name} is a directory: name a file in it`);
    if (found?.isFile() !== true) return refuse(`${name} is not a regular file: name one that is`);
    if (closed.inodes.has(inodeOf(found))) return refuse(`${name} ${OWN}`);
    const entry = (await isLink(reached)) ? join(await realpath(dirname(reached)).catch(() => reached), basename(reached)) : absolute;
    const whyEntry = await refusedPlace(root, entry, closed);
    if (whyEntry !== undefined) return refuse(`${name} ${whyEntry}`);
    return { ok: true, path, absolute, entry, exists: true, root };
  }
  return refuse(`${name} cannot be reached: the worktree ${quotePath(root)} is gone`);
}

const REACHING: Readonly<Record<string, string>> = {
  ENOTDIR: "a part of it is a file; name a file under a directory",
  ELOOP: "its symbolic links lead in a circle; repair them",
  EACCES: "a directory above it may not be entered; check its permissions",
  ENAMETOOLONG: "it is too long; choose a shorter one",
};

const OWN = "belongs to the coordinator itself, which shows it to nobody: name a file of the worktree";

async function refusedPlace(root: string, absolute: string, closed: Closed): Promise<string | undefined> {
  if (!isInside(root, absolute)) return `leads out of the worktree ${root} over a symbolic link: name a file inside it`;
  if (isClosed(closed, absolute)) return OWN;
  const own = await gitFolder(root);
  const inGit = relative(root, absolute).split(sep).some(isGitName) || (own !== undefined && isInside(own, absolute));
  return inGit ? "leads into git's own directory, which git alone changes: name a file of the worktree" : undefined;
}

/** Where git keeps this worktree's own files; it may lie inside the worktree under any name. */
async function gitFolder(root: string): Promise<string | undefined> {
  const place = join(root, ".git");
  try {
    const pointer = (await stat(place)).isFile() ? /^gitdir: (.+)$/m.exec(await readFile(place, "utf8"))?.[1] : place;
    return pointer === undefined ? undefined : await realpath(resolve(root, pointer));
  } catch {
    return undefined;
  }
}

/** An absolute path with the links above its last component followed, as far as it exists. */
export async function realName(written: string): Promise<string | undefined> {
  const absolute = resolve(written);
  for (let above = dirname(absolute); ; above = dirname(above)) {
    try {
      return join(await realpath(above), relative(above, absolute));
    } catch {
      if (above === dirname(above)) return undefined;
    }
  }
}

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
}

/** Whether an absolute path is `folder` or lies under it, by its text. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function refuse(why: string): PathRefusal {
  return { ok: false, why };
}
