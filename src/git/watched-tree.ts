/**
 * Which directories of a worktree are watched: those in which git would see a new file, and those with a tracked one.
 *
 * What is ignored stays unwatched as a whole, so that an install of packages costs nothing. A directory is watched before
 * it is read: what is made in it later is told, what stood there before is read. A directory that came back under its old
 * name is a new one to the system, so it is watched anew with all that is below. What may have changed the answer to "is
 * this ignored" (an ignore file, another HEAD) begins the whole tree anew.
 */
import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import type { GitQuestion } from "./ask-git.ts";
import { ancestry, type DirectoryChange, type DirectoryWatch, type DirectoryWatchOptions, watchDirectories } from "./directory-watch.ts";
import { type Change, readIgnored } from "./worktree-status.ts";
import type { Worktree } from "./worktrees.ts";

const DIRECTORIES_AT_ONCE = 64;

/** So many paths that were touched are looked into when no change explains them. */
const MAX_TOUCHED = 256;

/** A system that had so much to tell at once may have dropped some of it: Linux keeps 16,384 events for a process. */
const MANY_TOLD = 8_000;

/** When so many ignored paths are remembered, no more files are; their writes are looked into in vain. */
const MAX_IGNORED = 20_000;

export interface WatchedTreeOptions extends Pick<DirectoryWatchOptions, "onLost" | "watch" | "max" | "platform"> {
  /** Something that is not known to be ignored was touched. */
  readonly onTouched: () => void;
}

export interface WatchedTree extends Disposable {
  /** Directories that are watched now. */
  readonly size: number;
  /** What is ignored may be other than before. */
  renew(): void;
  /**
   * Brings the watches in line with what was told since the last call. What happens after it began is told.
   *
   * @throws NoWatchesLeft, what `askGit` throws
   */
  update(question: GitQuestion): Promise<void>;
  /**
   * Compares with what git says has changed. What was touched before the last update without being there may be ignored,
   * and its next writes are passed over then. What is there although it was ignored is tracked by now.
   *
   * @throws what `askGit` throws
   */
  learn(changed: ReadonlyMap<string, Change>, question: GitQuestion): Promise<void>;
  clear(): void;
}

/** What was told since the last update. */
interface News {
  /** Begin anew. */
  all: boolean;
  count: number;
  /** Directories in which names came or went. */
  readonly changed: Set<string>;
  /** The names that did: a watched directory among them may be another by now. */
  readonly named: Set<string>;
  /** What was written, made or removed, not much more than can be looked into. */
  readonly touched: Set<string>;
}

/** The file is tracked, and there. */
const IN_PLACE: ReadonlySet<Change> = new Set<Change>(["modified", "added", "conflicted"]);

const noNews = (all = false): News => ({ all, count: 0, changed: new Set(), named: new Set(), touched: new Set() });

/** Nothing is watched before the first update. */
export function createWatchedTree(worktree: Worktree, { onTouched, ...options }: WatchedTreeOptions): WatchedTree {
  const watchNone = () => watchDirectories(worktree.root, { onChange, ...options });
  let watch = watchNone();
  let ignored = new Set<string>();
  let news = noNews(true);
  let touchedBefore = new Set<string>();
  let isAnew = true;

  function onChange({ directory, path, isName, isItself }: DirectoryChange): void {
    if (path !== undefined && ignored.has(path)) return;
    news.count += 1;
    if (path === undefined || basename(path) === ".gitignore" || news.count > MANY_TOLD) news.all = true;
    if (isName && path !== undefined) {
      news.changed.add(directory);
      news.named.add(path);
      if (isItself) news.named.add(directory);
    }
    if (path !== undefined && news.touched.size <= MAX_TOUCHED) news.touched.add(path);
    onTouched();
  }

  /** Watches these directories and all below them that are not ignored. */
  async function grow(target: DirectoryWatch, directories: readonly string[]): Promise<void> {
    let level = directories.filter((directory) => !ignored.has(directory));
    while (level.length > 0) {
      const below: string[] = [];
      for (let from = 0; from < level.length; from += DIRECTORIES_AT_ONCE) {
        const some = level.slice(from, from + DIRECTORIES_AT_ONCE).filter((directory) => target.add(directory));
        for (const inner of await Promise.all(some.map((directory) => directoriesIn(target, directory)))) below.push(...inner);
      }
      level = below.filter((directory) => !ignored.has(directory));
    }
  }

  /** The directories in a watched one. It is dropped when it is another repository's. */
  async function directoriesIn(target: DirectoryWatch, directory: string): Promise<string[]> {
    const entries: Dirent[] = await readdir(join(worktree.root, directory), { withFileTypes: true }).catch(() => []);
    const isForeign = directory !== "" && entries.some(({ name }) => name === ".git");
    if (isForeign) target.drop(new Set([directory]));
    if (isForeign) return [];
    return entries.filter((entry) => entry.isDirectory() && entry.name !== ".git").map(({ name }) => posix.join(directory, name));
  }

  /** The watches of before stay until those that follow them are made, so that nothing happens unheard in between. */
  async function begin(question: GitQuestion): Promise<void> {
    const next = watchNone();
    try {
      const found = await readIgnored(worktree, [], question);
      ignored = new Set();
      ignore(found);
      await grow(next, [""]);
    } catch (error) {
      next[Symbol.dispose]();
      throw error;
    }
    watch[Symbol.dispose]();
    watch = next;
  }

  /** @param paths - directories end in `/` */
  function ignore(paths: readonly string[]): void {
    for (const path of paths) {
      if (path.endsWith("/")) ignored.add(path.slice(0, -1));
      else if (ignored.size < MAX_IGNORED) ignored.add(path);
    }
  }

  async function follow({ changed, named }: News, question: GitQuestion): Promise<void> {
    const replaced = new Set([...named].filter((path) => watch.has(path)));
    const around = Array.from(replaced).flatMap((directory) => ancestry(directory).slice(1, 2));
    watch.drop(replaced);
    const places = [...new Set([...changed, ...around])].filter((directory) => watch.has(directory));
    const inner = (await Promise.all(places.map((directory) => directoriesIn(watch, directory)))).flat();
    const fresh = inner.filter((directory) => !watch.has(directory) && !ignored.has(directory));
    if (fresh.length === 0) return;
    ignore(await readIgnored(worktree, fresh, question));
    await grow(watch, fresh);
  }

  return {
    get size() {
      return watch.size;
    },
    renew() {
      news.all = true;
    },
    async update(question) {
      const told = news;
      news = noNews();
      touchedBefore = told.touched;
      isAnew = told.all || told.named.has("");
      try {
        await (isAnew ? begin(question) : follow(told, question));
      } catch (error) {
        news.all = true;
        throw error;
      }
    },
    async learn(changed, question) {
      const isTracked = ([path, change]: [string, Change]) => IN_PLACE.has(change) && ancestry(path).some((place) => ignored.has(place));
      if (!isAnew && [...changed].some(isTracked)) {
        news.all = true;
        onTouched();
      }
      if (touchedBefore.size > MAX_TOUCHED) return;
      const unexplained = [...touchedBefore].filter((path) => !changed.has(path));
      const standing = await Promise.all(unexplained.map((path) => lstat(join(worktree.root, path)).catch(() => undefined)));
      const files = unexplained.filter((_path, index) => standing[index]?.isDirectory() === false);
      if (files.length > 0) ignore(await readIgnored(worktree, files, question));
    },
    clear() {
      watch.clear();
      news = noNews(true);
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}
