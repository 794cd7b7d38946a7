/**
 * Being told by the system that something in some directories changed.
 *
 * Directories are watched one by one and files never, so that a watch costs what the directories cost. A watch is on the
 * directory that stood there when it was made: one that is removed and made again is another, which is for the caller to
 * notice. macOS and Windows watch a whole tree at the price of one directory; there one watch lies on the root, and what
 * happens in directories that nobody asked for is passed over.
 */
import { type FSWatcher, watch as watchPath } from "node:fs";
import { basename, join, posix, sep } from "node:path";
import { errnoOf } from "./errno.ts";

/** Directories that are watched at the most. All programs of a user share what the system gives, which is not much more. */
const MAX_DIRECTORIES = 50_000;

/** What a system answers that has no watches, no descriptors or no memory left. */
const NONE_LEFT = new Set(["ENOSPC", "EMFILE", "ENFILE", "ENOMEM"]);

const WATCHES_TREES: readonly NodeJS.Platform[] = ["darwin", "win32"];

/** The system watches no more directories. */
export class NoWatchesLeft extends Error {
  override readonly name = "NoWatchesLeft";
  readonly code = "watch/none-left";
  /** What the system said, or `limit` where this program stops by itself. */
  readonly reason: string;
  readonly directories: number;

  constructor(reason: string, directories: number, cause?: unknown) {
    super(`no more than ${directories} directories can be watched (${reason})`, { cause });
    this.reason = reason;
    this.directories = directories;
  }
}

/** Something happened. `directory` and `path` are relative to the root and separated by `/`; the root is "". */
export interface DirectoryChange {
  readonly directory: string;
  /** What was written, made or removed in it. Undefined when the system lost count: anything may have happened. */
  readonly path: string | undefined;
  /** A name came or went. Otherwise what stands under it was written. */
  readonly isName: boolean;
  /** The directory itself may be gone. */
  readonly isItself: boolean;
}

export interface DirectoryWatchOptions {
  readonly onChange: (change: DirectoryChange) => void;
  /** The system gave up watching. */
  readonly onLost: (error: NoWatchesLeft) => void;
  /** Others in tests. */
  readonly watch?: typeof watchPath;
  readonly max?: number;
  readonly platform?: NodeJS.Platform;
}

export interface DirectoryWatch extends Disposable {
  readonly size: number;
  has(directory: string): boolean;
  /**
   * Whether the directory is watched now. False when there is none, or none that may be read.
   *
   * @throws NoWatchesLeft
   */
  add(directory: string): boolean;
  /** Forgets these directories and all below them. */
  drop(directories: ReadonlySet<string>): void;
  clear(): void;
}

/** Watches directories under `root`, none at first. It keeps no process alive. */
export function watchDirectories(root: string, options: DirectoryWatchOptions): DirectoryWatch {
  const { onChange, onLost, watch = watchPath, max = MAX_DIRECTORIES, platform = process.platform } = options;
  const isTree = WATCHES_TREES.includes(platform);
  const watched = new Map<string, FSWatcher | undefined>();
  let tree: FSWatcher | undefined;

  function open(directory: string): FSWatcher | undefined {
    try {
      const watcher = watch(join(root, directory), { persistent: false, recursive: isTree }, (kind, name) => {
        if (isTree) tellOfTree(kind, name);
        else tell(directory, kind, name === null ? undefined : posix.join(directory, name));
      });
      // Windows tells so that the directory was removed.
      watcher.on("error", (error) => {
        if (isTree || NONE_LEFT.has(errnoOf(error))) onLost(new NoWatchesLeft(errnoOf(error), watched.size, error));
        else tell(directory, "rename", directory);
      });
      return watcher;
    } catch (error) {
      if (NONE_LEFT.has(errnoOf(error))) throw new NoWatchesLeft(errnoOf(error), watched.size, error);
      return undefined;
    }
  }

  function tell(directory: string, kind: string, path: string | undefined): void {
    // A system that tells that a directory itself is gone gives its own name.
    const isItself = path === directory || (path !== undefined && basename(path) === basename(join(root, directory)));
    onChange({ directory, path, isName: kind === "rename", isItself });
  }

  function tellOfTree(kind: string, name: string | null): void {
    const path = name?.replaceAll(sep, "/");
    const parent = path === undefined ? "" : posix.dirname(path);
    const directory = parent === "." ? "" : parent;
    if (watched.has(directory)) tell(directory, kind, path);
  }

  function clear(): void {
    for (const watcher of watched.values()) watcher?.close();
    watched.clear();
    tree?.close();
    tree = undefined;
  }

  return {
    get size() {
      return watched.size;
    },
    has: (directory) => watched.has(directory),
    add(directory) {
      if (watched.has(directory)) return true;
      if (watched.size >= max) throw new NoWatchesLeft("limit", watched.size);
      if (isTree) {
        tree ??= open("");
        if (tree !== undefined) watched.set(directory, undefined);
        return tree !== undefined;
      }
      const watcher = open(directory);
      if (watcher !== undefined) watched.set(directory, watcher);
      return watcher !== undefined;
    },
    drop(directories) {
      if (directories.size === 0) return;
      for (const [directory, watcher] of watched) {
        if (!ancestry(directory).some((place) => directories.has(place))) continue;
        watcher?.close();
        watched.delete(directory);
      }
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

/** A path and all that it lies in, up to the root. */
export function ancestry(path: string): string[] {
  const places = [path];
  for (let place = path; place !== "";) {
    place = place.slice(0, Math.max(0, place.lastIndexOf("/")));
    places.push(place);
  }
  return places;
}
