/**
 * Everything that is seen of a repository's worktrees: one watch each, begun with the first who wants to know.
 *
 * A worktree goes by the id that its own bridges give it; one in which nobody has worked through this program is watched
 * all the same, under a name of its own, so that edits there are seen as well.
 */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { askGit } from "./ask-git.ts";
import { readFileState } from "./file-state.ts";
import type { Repository, Workspace } from "./repository.ts";
import { isInside, showInside } from "./safe-path.ts";
import { isGitName } from "./written-path.ts";
import { type WatchLog, watchWorktree, type WorktreeStatus, type WorktreeWatch } from "./watch-worktree.ts";
import { existingWorktreeId, worktreeId, worktreeIdOf } from "./worktree-id.ts";
import type { ChangedFile } from "./worktree-status.ts";
import { listWorktrees, type Worktree } from "./worktrees.ts";
import { realFile, worktreesAround } from "./worktrees-around.ts";

/** How often git is asked for worktrees that have come, in milliseconds; one that a participant names is looked for at once. */
const LIST_MS = 60_000;

/** Largest file that is hashed to compare worktrees, in bytes. */
const MAX_HASHED_BYTES = 64 * 1024 * 1024;

export interface ObservedTree {
  readonly id: string;
  readonly path: string;
  readonly branch?: string;
  readonly head?: string;
  readonly changed: readonly string[];
  readonly total: number;
  readonly atMs: number;
  readonly lastEditAtMs?: number;
}

/** A file and the worktree it lies in. */
export interface Place {
  readonly treeId: string;
  readonly root: string;
  /** Relative to the worktree, with `/` between segments, every link followed. */
  readonly path: string;
  /** What is checked out there, as far as it was seen. */
  readonly branch?: string;
  readonly head?: string;
}

export interface Observations extends AsyncDisposable {
  /** Begins to watch, once. */
  start(): void;
  tree(id: string): ObservedTree | undefined;
  trees(): Iterable<ObservedTree>;
  /** Resolves when the worktree was looked at anew. */
  refresh(treeId: string): Promise<void>;
  /** Whether the file's content changed after that instant, by its own time; also when nobody can tell. */
  isEditedSince(treeId: string, path: string, atMs: number): boolean;
  reference(treeId: string, path: string): Promise<string | null | undefined>;
  /** Somebody works in this worktree, as they say: it is looked for when it is not known, and taken when it is one of this repository. */
  notice(worktree: Pick<ObservedTree, "id" | "path">): void;
  /** Where an absolute path lies, whether the file exists or not; undefined for a folder, and for what is in no worktree of this repository. */
  placeOf(absolute: string): Promise<Place | undefined>;
  /** The worktree's id, made now where it has none: somebody is known to work there. */
  identify(place: Place): Promise<string>;
  /** Whether git ignores the file. What git does not say counts as no. */
  isIgnored(place: Place): Promise<boolean>;
}

export interface ObservationsOptions {
  readonly log: WatchLog;
  readonly env?: NodeJS.ProcessEnv;
  /** A worktree has another branch or commit than before. */
  readonly onHead?: (tree: ObservedTree) => void;
}

interface Watched {
  readonly worktree: Worktree;
  readonly watch: WorktreeWatch;
  id: string;
  isNamed: boolean;
  head: string | undefined;
}

export function observeWorktrees(workspace: Workspace, options: ObservationsOptions): Observations {
  const { log, env = process.env, onHead = () => undefined } = options;
  const watched = new Map<string, Watched>();
  const around = workspace.kind === "repository" ? worktreesAround(workspace, env) : undefined;
  let listing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function list(repository: Repository): Promise<void> {
    const found = await listWorktrees(repository, { env });
    for (const entry of watched.values()) if (entry.watch.state === "gone" || (await isAnother(entry))) await drop(entry);
    for (const worktree of found) if (!watched.has(worktree.gitDir)) await add(worktree);
  }

  /** Whether the worktree that was watched there was removed, and one was made anew in its place. */
  async function isAnother({ worktree, id, isNamed }: Watched): Promise<boolean> {
    return isNamed && (await existingWorktreeId(worktree.gitDir).catch(() => id)) !== id;
  }

  async function drop({ worktree, watch }: Watched): Promise<void> {
    watched.delete(worktree.gitDir);
    await watch[Symbol.asyncDispose]();
  }

  async function add(worktree: Worktree): Promise<void> {
    const id = await existingWorktreeId(worktree.gitDir);
    if (closed || watched.has(worktree.gitDir)) return;
    const watch = watchWorktree(worktree, { log, env, onStatus: (status) => void onStatus(entry, status) });
    const entry: Watched = { worktree, watch, id: id ?? `unnamed:${worktree.root}`, isNamed: id !== undefined, head: undefined };
    watched.set(worktree.gitDir, entry);
  }

  async function onStatus(entry: Watched, { branch, head }: WorktreeStatus): Promise<void> {
    if (!entry.isNamed) await name(entry);
    const now = `${branch ?? ""} ${head ?? ""}`;
    if (entry.head === now) return;
    entry.head = now;
    const tree = seen(entry);
    if (tree !== undefined) onHead(tree);
  }

  async function name(entry: Watched): Promise<void> {
    const id = await existingWorktreeId(entry.worktree.gitDir).catch(() => undefined);
    if (id !== undefined) Object.assign(entry, { id, isNamed: true });
  }

  /** One listing at a time; one that fails is told and made again later. */
  function look(): Promise<void> {
    if (workspace.kind !== "repository" || closed) return Promise.resolve();
    listing ??= list(workspace)
      .catch((cause: unknown) => log.warn({ cause: String(cause) }, "worktrees not listed"))
      .finally(() => (listing = undefined));
    return listing;
  }

  /** A git directory that was put elsewhere does not know where its worktree is, so that git does not list it. */
  async function addUnlisted(worktree: Worktree): Promise<void> {
    if (!watched.has(worktree.gitDir)) await add(worktree);
  }

  async function lookFor({ id, path }: Pick<ObservedTree, "id" | "path">): Promise<void> {
    await Promise.all([...watched.values()].map(async (entry) => entry.isNamed || name(entry)));
    if (entryOf(id) === undefined) await look();
    if (closed || entryOf(id) !== undefined) return;
    const there = await around?.folder(path);
    if (there !== undefined) await addUnlisted(there);
  }

  function seen({ worktree, watch, id }: Watched): ObservedTree | undefined {
    const { status, lastEditAtMs } = watch;
    if (status === undefined) return undefined;
    const { branch, head, changed, total, atMs } = status;
    return {
      id,
      path: worktree.root,
      ...(branch === undefined ? {} : { branch }),
      ...(head === undefined ? {} : { head }),
      changed: pathsOf(changed),
      total,
      atMs,
      ...(lastEditAtMs === undefined ? {} : { lastEditAtMs }),
    };
  }

  const entryOf = (treeId: string): Watched | undefined => [...watched.values()].find(({ id }) => id === treeId);
  const rootOf = (treeId: string): string | undefined => entryOf(treeId)?.worktree.root;

  /** A submodule, or another repository, inside a worktree: whoever works in the one around it holds its files by their names there. */
  function surrounding(real: string): string | undefined {
    if (real.split(/[\\/]/).some(isGitName)) return undefined;
    return [...watched.values()]
      .filter(({ worktree, watch }) => watch.state !== "gone" && isInside(worktree.root, real))
      .sort((a, b) => b.worktree.root.length - a.worktree.root.length)[0]?.worktree.gitDir;
  }

  /** A folder in no repository has no worktrees; what lies in it is compared by name. */
  async function placeInFolder(real: string): Promise<Place | undefined> {
    if (workspace.kind !== "folder" || !isInside(workspace.root, real)) return undefined;
    return { treeId: await worktreeIdOf(workspace), root: workspace.root, path: showInside(workspace.root, real) };
  }

  return {
    start() {
      if (timer !== undefined || closed || workspace.kind !== "repository") return;
      timer = setInterval(() => void look(), LIST_MS);
      timer.unref();
      void look();
    },
    tree(id) {
      const entry = entryOf(id);
      return entry === undefined ? undefined : seen(entry);
    },
    trees: () => [...watched.values()].flatMap((entry) => seen(entry) ?? []),
    async refresh(treeId) {
      await entryOf(treeId)?.watch.refresh();
    },
    isEditedSince(treeId, path, atMs) {
      const root = rootOf(treeId);
      if (root === undefined) return true;
      const found = lstatSync(join(root, path), { throwIfNoEntry: false });
      return found === undefined ? false : found.mtimeMs > atMs; // one that an operation deleted stays deleted
    },
    async reference(treeId, path) {
      const root = rootOf(treeId);
      if (root === undefined) return undefined;
      const state = await readFileState(root, path, { content: false, maxBytes: 0, refuseOver: MAX_HASHED_BYTES });
      return state.status === "ok" ? state.state_ref : state.status === "missing" ? null : undefined;
    },
    notice(named) {
      this.start();
      if (entryOf(named.id) === undefined) void lookFor(named);
    },
    async placeOf(absolute) {
      const real = await realFile(absolute);
      if (real === undefined) return undefined;
      if (around === undefined) return placeInFolder(real);
      this.start();
      if (watched.size === 0) await look();
      const inside = await around.file(real);
      const gitDir = inside?.gitDir ?? surrounding(real);
      if (gitDir === undefined) return undefined;
      if ((watched.get(gitDir)?.watch.state ?? "gone") === "gone") await look();
      if (inside !== undefined) await addUnlisted(inside);
      const entry = watched.get(gitDir);
      if (entry === undefined) return undefined;
      const { branch, head } = entry.watch.status ?? {};
      return {
        treeId: entry.id,
        root: entry.worktree.root,
        path: showInside(entry.worktree.root, real),
        ...(branch === undefined ? {} : { branch }),
        ...(head === undefined ? {} : { head }),
      };
    },
    async identify({ treeId }) {
      const entry = entryOf(treeId);
      if (entry === undefined || entry.isNamed) return treeId;
      Object.assign(entry, { id: await worktreeId(entry.worktree.gitDir), isNamed: true });
      return entry.id;
    },
    async isIgnored({ root, path }) {
      if (workspace.kind === "folder") return false;
      // Asked in the form that prints a line in any case: simple-git waits 50 ms for the words of a program that has none.
      const said = await askGit(root, ["check-ignore", "--verbose", "--non-matching", "--", path], { env }).catch(() => "");
      const [, negated] = /^(?!::).+?:\d+:(!?)/.exec(said) ?? []; // `source:line:pattern`; `::` where no pattern matches
      return negated === "";
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      clearInterval(timer);
      await listing;
      await Promise.all([...watched.values()].map(({ watch }) => watch[Symbol.asyncDispose]()));
      watched.clear();
    },
  };
}

/** The same list for the same look, so that whoever reads it may keep what it made of it. */
const pathLists = new WeakMap<readonly ChangedFile[], readonly string[]>();

function pathsOf(changed: readonly ChangedFile[]): readonly string[] {
  const known = pathLists.get(changed);
  if (known !== undefined) return known;
  const paths = changed.map(({ path }) => path);
  pathLists.set(changed, paths);
  return paths;
}
