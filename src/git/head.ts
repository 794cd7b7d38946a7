/**
 * What a worktree has checked out, who its user is, and whether its paths differ by case.
 */
import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { askGit, GitFailed, type GitQuestion } from "./ask-git.ts";
import type { Workspace } from "./repository.ts";

export interface Head {
  /** Short name, without `refs/heads/`. Absent while HEAD is detached. */
  readonly branch?: string;
  /** Object id of the commit. Absent on a branch that has none yet. */
  readonly head?: string;
}

/**
 * Branch and commit, read from git at this moment: one process, three on an unborn branch. A plain folder has neither.
 *
 * @throws what `askGit` throws: GitFolderMissing when the worktree is gone, for one
 */
export async function readHead(workspace: Workspace, question: GitQuestion = {}): Promise<Head> {
  if (workspace.kind === "folder") return {};
  const folder = workspace.root ?? workspace.gitDir;
  const [head = "", ref = ""] = (await askBoth(folder, question)).split("\n");
  if (isObjectId(head) && ref !== "") return headOf(head, ref);
  const [commit, branch] = await Promise.all([
    askGit(folder, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], question),
    askGit(folder, ["symbolic-ref", "--quiet", "HEAD"], question),
  ]);
  return headOf(commit.trim(), branch.trim());
}

/** `user.name` as git's configuration says, or undefined when it is unset. */
export async function gitUser(workspace: Workspace, question: GitQuestion = {}): Promise<string | undefined> {
  const folder = workspace.root ?? (workspace.kind === "repository" ? workspace.gitDir : ".");
  const name = (await askGit(folder, ["config", "--get", "user.name"], question)).trim();
  return name === "" ? undefined : name;
}

/**
 * Whether `a` and `A` are one file in `root`. Asked of the disk and not of `core.ignorecase`, which says how the file
 * system was where the repository was made. Writes nothing: it looks for a name that exists under its other case.
 */
export async function isPathCaseInsensitive(root: string): Promise<boolean> {
  return (
    (await sameFile(join(root, ".git"), join(root, ".GIT"))) ??
    (await sameFile(root, join(dirname(root), swapCase(basename(root))))) ??
    false
  );
}

async function askBoth(folder: string, question: GitQuestion): Promise<string> {
  try {
    return await askGit(folder, ["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"], question);
  } catch (error) {
    if (error instanceof GitFailed) return "";
    throw error;
  }
}

function headOf(head: string, ref: string): Head {
  const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined;
  return { ...(branch === undefined ? {} : { branch }), ...(isObjectId(head) ? { head } : {}) };
}

function isObjectId(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Whether both names lead to one file, or undefined when the first does not exist or the names are equal. */
async function sameFile(name: string, other: string): Promise<boolean | undefined> {
  if (name === other) return undefined;
  const one = await lstat(name, { bigint: true }).catch(() => undefined);
  if (one === undefined) return undefined;
  const two = await lstat(other, { bigint: true }).catch(() => undefined);
  return two !== undefined && one.dev === two.dev && one.ino === two.ino;
}

function swapCase(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
}
