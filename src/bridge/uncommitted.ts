/** What a leaving bridge asks git itself, when nobody else watches its worktree: whether files of its tasks are uncommitted. */
import { askGit, type GitQuestion } from "../git/ask-git.ts";
import type { Workspace } from "../git/repository.ts";

/** Milliseconds that git has: the host has gone, and waits for nobody. */
const LIMIT_MS = 300;

/** Paths that one question names; more of them, and the whole worktree is asked about. */
const MAX_NAMED = 100;

/**
 * What git does not say in time counts as uncommitted: a task that stays suspended can be withdrawn, and one that was
 * withdrawn leaves its half-done work to whoever comes next.
 *
 * @param files - as a scope names them: paths, directories, globs
 */
export async function hasUncommitted(workspace: Workspace, files: readonly string[], { env }: Pick<GitQuestion, "env">): Promise<boolean> {
  if (workspace.kind === "folder" || workspace.root === undefined) return false;
  const named = files.length > MAX_NAMED ? [] : files.flatMap((file) => [`:(top,literal)${file}`, `:(top,glob)${file}`]);
  const question = ["-c", "core.fsmonitor=false", "status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=all"];
  const printed = await askGit(workspace.root, [...question, "--", ...named], {
    ...(env === undefined ? {} : { env }),
    limitMs: LIMIT_MS,
  }).catch(() => undefined);
  return printed !== "";
}
