/**
 * What a bridge sees of its own worktree when no sidecar of this machine watches it: asked of git when it is needed, which is
 * when a task may end. Never fails.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { askGit, type GitQuestion } from "../git/ask-git.ts";
import type { Workspace } from "../git/repository.ts";

/** Milliseconds that git has when the host has gone: nobody waits for a bridge then. */
const LEAVING_MS = 500;

/** Paths that one question names; more of them, and the whole worktree is asked about. */
const MAX_NAMED = 100;

/** Changed files whose time is looked at. */
const MAX_TIMED = 1_000;

/** @param files - as a scope names them: paths, directories, globs */
export interface WorktreeLook {
  /**
   * What git does not say in time counts as uncommitted: a task that stays suspended can be withdrawn, and one that was withdrawn
   * leaves its half-done work to whoever comes next.
   */
  hasUncommitted(files: readonly string[]): Promise<boolean>;
  /** When one of the uncommitted files was last written, in milliseconds since 1970. */
  lastEditMs(files: readonly string[]): Promise<number | undefined>;
}

const SEES_NOTHING: WorktreeLook = { hasUncommitted: () => Promise.resolve(false), lastEditMs: () => Promise.resolve(undefined) };

export interface WorktreeLookOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds, 500 by default. */
  readonly leavingMs?: number;
}

export function createWorktreeLook(workspace: Workspace, { env, leavingMs = LEAVING_MS }: WorktreeLookOptions): WorktreeLook {
  if (workspace.kind === "folder" || workspace.root === undefined) return SEES_NOTHING;
  const { root } = workspace;

  /** Undefined when git does not say. */
  async function changed(files: readonly string[], question: GitQuestion): Promise<string[] | undefined> {
    const named = files.length > MAX_NAMED ? [] : files.flatMap((file) => [`:(top,literal)${file}`, `:(top,glob)${file}`]);
    const how = ["--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=all"];
    try {
      const printed = await askGit(root, ["-c", "core.fsmonitor=false", "status", ...how, "--", ...named], question);
      return printed.split("\0").flatMap((entry) => (entry === "" ? [] : [entry.slice(3)])); // two letters and a blank before each path
    } catch {
      return undefined;
    }
  }

  const writtenMs = async (path: string): Promise<number[]> => {
    const found = await stat(join(root, path)).catch(() => undefined);
    return found === undefined ? [] : [found.mtimeMs];
  };

  return {
    hasUncommitted: async (files) => (await changed(files, { env, limitMs: leavingMs }))?.length !== 0,
    async lastEditMs(files) {
      const paths = (await changed(files, { env })) ?? [];
      const times = (await Promise.all(paths.slice(0, MAX_TIMED).map(writtenMs))).flat();
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
}
