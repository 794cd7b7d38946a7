/**
 * Which files a worktree has, each with its reference: those that git tracks or would add.
 *
 * Hashing is what a listing costs, so a lister remembers what it hashed by inode, size and times and hashes a file again
 * only when one of them moved. A file that was touched in the last two seconds is never remembered: its times may be too
 * coarse to show the next change.
 */
import type { BigIntStats } from "node:fs";
import { lstat, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { shortRef } from "../wire/references.ts";
import { askGit } from "./ask-git.ts";
import { digestAndClose } from "./file-state.ts";
import { type Closed, isClosed, NOTHING_CLOSED, openInside } from "./safe-path.ts";
import { isGitName, readWrittenPath } from "./written-path.ts";

/** FAT keeps times in steps of two seconds; nothing that is used is coarser. */
const COARSEST_TIME_MS = 2_000;
const FILES_AT_ONCE = 16;

export interface ListedFile {
  /** Repository-relative, separated by `/`. */
  readonly path: string;
  /** The first 16 digits. */
  readonly state_ref: string;
  /** Unicode characters; bytes where the file is not UTF-8. */
  readonly size: number;
}

export interface FileList {
  /** By path. */
  readonly files: readonly ListedFile[];
  /** There are more files than were asked for. */
  readonly truncated: boolean;
}

export interface ListLimits {
  readonly maxEntries: number;
  /** A file of more bytes is left out. */
  readonly maxBytes: number;
  /** What is in there is left out unread. */
  readonly closed?: Closed;
}

export interface FileLister {
  /** Links, what cannot be read and names that no caller can write are left out. */
  list(limits: ListLimits): Promise<FileList>;
  /** How many files have been hashed so far. */
  readonly hashed: number;
}

export interface FileListerOptions {
  /** `folder` is walked as it is; a repository's worktree is what git says. */
  readonly kind: "repository" | "folder";
  /** Milliseconds since 1970, by the clock that the file system's times come from. */
  readonly nowMs?: () => number;
}

interface Remembered {
  readonly stamp: string;
  readonly file: ListedFile;
}

export function createFileLister(root: string, { kind, nowMs = Date.now }: FileListerOptions): FileLister {
  let remembered = new Map<string, Remembered>();
  let hashed = 0;

  async function describe(path: string, limits: Required<ListLimits>, kept: Map<string, Remembered>): Promise<ListedFile | undefined> {
    const stat = await lstat(join(root, path), { bigint: true }).catch(() => undefined);
    if (stat?.isFile() !== true || stat.size > limits.maxBytes) return undefined;
    const known = remembered.get(path);
    if (known?.stamp === stampOf(stat)) {
      kept.set(path, known);
      return known.file;
    }
    const opened = await openInside(root, path, limits.closed);
    if (opened.status !== "open") return undefined;
    const beganAtMs = nowMs();
    const digest = await digestAndClose(opened.handle, { text: true, keepBytes: 0 }).catch(() => undefined);
    if (digest === undefined) return undefined;
    hashed += 1;
    const file = { path, state_ref: shortRef(digest.ref), size: digest.characters ?? digest.size };
    if (lastChangeMs(opened.stat) + COARSEST_TIME_MS < beganAtMs) kept.set(path, { stamp: stampOf(opened.stat), file });
    return file;
  }

  return {
    get hashed() {
      return hashed;
    },
    async list({ maxEntries, maxBytes, closed = NOTHING_CLOSED }) {
      const limits = { maxEntries, maxBytes, closed };
      const paths = kind === "repository" ? await gitFiles(root) : await walk(root, limits);
      const writable = paths.filter(isWritable).toSorted((a, b) => (a < b ? -1 : 1));
      const kept = new Map<string, Remembered>();
      const files: ListedFile[] = [];
      for (let from = 0; from < writable.length; from += FILES_AT_ONCE) {
        const described = await Promise.all(writable.slice(from, from + FILES_AT_ONCE).map((path) => describe(path, limits, kept)));
        files.push(...described.filter((file) => file !== undefined));
        if (files.length > maxEntries) break;
      }
      remembered = kept;
      return {
        files: files.slice(0, maxEntries),
        truncated: files.length > maxEntries || (kind === "folder" && paths.length > maxEntries),
      };
    },
  };
}

/** @throws what `askGit` throws */
async function gitFiles(root: string): Promise<string[]> {
  const printed = await askGit(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  return [...new Set(printed.split("\0").filter((path) => path !== ""))];
}

/** Files under a folder in no repository, at most one more than asked for; a directory that cannot be read is empty. */
async function walk(root: string, { maxEntries, closed }: Required<ListLimits>): Promise<string[]> {
  const realRoot = await realpath(root).catch(() => root);
  const paths: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined && paths.length <= maxEntries; folder = folders.pop()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const inner = `${folder}${entry.name}/`;
      if (entry.isDirectory() && !isGitName(entry.name) && !isClosed(closed, join(realRoot, inner))) folders.push(inner);
      if (entry.isFile()) paths.push(`${folder}${entry.name}`);
    }
  }
  return paths;
}

/** Whether a caller who writes this path means this file: on some systems a name may hold `\` or a line break. */
function isWritable(path: string): boolean {
  const written = readWrittenPath(["/"], path, "linux");
  return written.ok && written.path === path;
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

function lastChangeMs({ mtimeMs, ctimeMs }: BigIntStats): number {
  return Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
}
