/**
 * What has changed in one worktree, kept current.
 *
 * What the system tells of changes only says when to look; what there is to see is asked of git, which honours every rule
 * of what is ignored. Where the system cannot tell (no watches left, some network disks), git is asked every few seconds.
 * A rare look is made unasked in any case: it finds what nobody tells of, such as the ignore file of a user, a directory
 * whose name is not text, or another commit of a submodule.
 */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { NoWatchesLeft } from "./directory-watch.ts";
import { isEdited, type Stamped, stampChanged } from "./edit-stamps.ts";
import { errnoOf } from "./errno.ts";
import { watchGitDirectories } from "./git-directories.ts";
import { createPace } from "./pace.ts";
import { createWatchedTree, type WatchedTreeOptions } from "./watched-tree.ts";
import { type ChangedFile, readStatus } from "./worktree-status.ts";
import type { Worktree } from "./worktrees.ts";

/** Changed files that are kept by name. */
const MAX_KEPT = 2_000;

/** From the first sign of a change to the look, in milliseconds. */
const DELAY_MS = 100;
/** The pause after a look, in multiples of what it took: looking costs a quarter of one processor at the most. */
const PAUSE_FACTOR = 3;

/** Milliseconds between two looks that nobody asked for, and the same in multiples of what the last one took. */
const UNASKED = { ms: 60_000, factor: 200 };
const POLLING = { ms: 5_000, factor: 20 };

/** After so many milliseconds of polling, the system is asked for watches once more. */
const TRY_AGAIN_MS = 600_000;

export interface WorktreeStatus {
  /** Absent while HEAD is detached. */
  readonly branch?: string;
  /** Absent on a branch that has no commit yet. */
  readonly head?: string;
  /** The first 2,000: tracked files before others, each part in the order of paths. */
  readonly changed: readonly ChangedFile[];
  /** How many files have changed, also those that are not kept. */
  readonly total: number;
  /** When git was asked, in milliseconds since 1970. */
  readonly atMs: number;
  readonly tookMs: number;
}

/** `gone`: the worktree was removed, and nothing is watched any more. */
export type WatchState = "starting" | "events" | "polling" | "gone" | "closed";

export interface WorktreeWatch extends AsyncDisposable {
  /** The last one. Undefined before the first, and of a worktree that is gone. */
  readonly status: WorktreeStatus | undefined;
  /** When a file was last seen to be edited since the watch began, in milliseconds since 1970. What git did by itself is no edit. */
  readonly lastEditAtMs: number | undefined;
  readonly state: WatchState;
  /** Directories that are watched, and looks that were made. */
  readonly counts: { readonly directories: number; readonly looks: number };
  /** A status that was asked for after this call; undefined when there is none to be had. */
  refresh(): Promise<WorktreeStatus | undefined>;
}

export interface WatchLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface WatchOptions extends Pick<WatchedTreeOptions, "watch" | "max"> {
  readonly onStatus?: (status: WorktreeStatus) => void;
  readonly onState?: (state: WatchState) => void;
  readonly log: WatchLog;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** Other pauses in tests. */
  readonly pollMs?: number;
}

/** Returns at once; the first look is on its way. Disposing ends it, and the git process that is running. */
export function watchWorktree(worktree: Worktree, options: WatchOptions): WorktreeWatch {
  const { onStatus, onState, log, env = process.env, nowMs = Date.now, pollMs = POLLING.ms, ...watching } = options;
  const stop = new AbortController();
  const question = { env, signal: stop.signal };
  const about = { worktree: worktree.root };
  let state: WatchState = "starting";
  let status: WorktreeStatus | undefined;
  let stamped: Stamped | undefined;
  let lastEditAtMs: number | undefined;
  let looks = 0;
  let isFailing = false;
  /** By the clock that never goes back: when the watches are made anew, told or not. */
  let renewAtMs = 0;
  /** Since when git is asked every few seconds. */
  let pollingSinceMs: number | undefined;

  const pace = createPace(look, {
    delayMs: DELAY_MS,
    pauseFactor: PAUSE_FACTOR,
    unaskedMs: (tookMs) => rest(pollingSinceMs === undefined && !isFailing ? UNASKED : { ...POLLING, ms: pollMs }, tookMs),
  });
  const onTouched = () => pace.ask();
  const onLost = (error: NoWatchesLeft) => {
    poll(error);
    pace.ask();
  };
  const tree = createWatchedTree(worktree, { onTouched, onLost, ...watching });
  const own = watchGitDirectories(worktree, { onTouched, onLost, onRules: () => tree.renew(), ...watching });

  function enter(next: WatchState): void {
    if (state === next || state === "closed") return;
    state = next;
    onState?.(next);
  }

  function poll({ reason, directories }: NoWatchesLeft): void {
    if (pollingSinceMs === undefined)
      log.warn({ ...about, reason, directories }, "worktree polled: the system watches no more directories");
    pollingSinceMs = nowMs();
    tree.clear();
    own.clear();
    enter("polling");
  }

  async function watch(): Promise<void> {
    if (pollingSinceMs !== undefined && nowMs() - pollingSinceMs < TRY_AGAIN_MS) return;
    try {
      own.renew(status?.branch);
      await tree.update(question);
      if (pollingSinceMs !== undefined) log.info(about, "worktree watched again");
      pollingSinceMs = undefined;
    } catch (error) {
      if (!(error instanceof NoWatchesLeft)) throw error;
      poll(error);
    }
  }

  async function look(): Promise<WorktreeStatus | undefined> {
    const lookBegan = performance.now();
    const isRenewal = lookBegan >= renewAtMs;
    if (isRenewal) tree.renew();
    try {
      await watch();
      const atMs = nowMs();
      const began = performance.now();
      const { changed, ...head } = await readStatus(worktree, question);
      const tookMs = performance.now() - began;
      const kept = Array.from(changed, ([path, change]) => ({ path, change })).slice(0, MAX_KEPT);
      const stampedNow = await stampChanged(worktree.root, head.head, kept);
      if (stop.signal.aborted) return undefined;
      if (stamped !== undefined && isEdited(stamped, stampedNow)) lastEditAtMs = atMs;
      stamped = stampedNow;
      status = { ...head, changed: kept, total: changed.size, atMs, tookMs };
      looks += 1;
      isFailing = false;
      if (isRenewal) renewAtMs = performance.now() + rest(UNASKED, performance.now() - lookBegan);
      enter(pollingSinceMs === undefined ? "events" : "polling");
      onStatus?.(status);
      if (pollingSinceMs === undefined) await tree.learn(changed, question).catch(() => tree.renew());
      return status;
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      if (await isGone(worktree)) return leave();
      if (!isFailing) log.warn({ ...about, cause: error instanceof Error ? error.message : String(error) }, "worktree not read");
      isFailing = true;
      return undefined;
    }
  }

  function close(): void {
    pace.end();
    tree[Symbol.dispose]();
    own[Symbol.dispose]();
  }

  function leave(): undefined {
    close();
    status = undefined;
    enter("gone");
  }

  void pace.now();
  return {
    get status() {
      return status;
    },
    get lastEditAtMs() {
      return lastEditAtMs;
    },
    get state() {
      return state;
    },
    get counts() {
      return { directories: tree.size, looks };
    },
    refresh: () => pace.now(),
    async [Symbol.asyncDispose]() {
      close();
      enter("closed");
      stop.abort(new Error("the watch was closed"));
      await pace[Symbol.asyncDispose]();
      close(); // what a look in progress watched before it heard of the end
    },
  };
}

function rest({ ms, factor }: { readonly ms: number; readonly factor: number }, tookMs: number): number {
  return Math.max(ms, factor * tookMs);
}

async function isGone({ root, gitDir }: Worktree): Promise<boolean> {
  const missing = await Promise.all([root, join(gitDir, "HEAD")].map(isMissing));
  return missing.includes(true);
}

async function isMissing(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    (error: unknown) => ["ENOENT", "ENOTDIR"].includes(errnoOf(error)),
  );
}
