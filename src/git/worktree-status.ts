/**
 * What has changed in a worktree since its commit, and what in it is ignored, as git says.
 *
 * Git is told which worktree it is about instead of looking for one: a folder whose `.git` was taken away would be answered
 * for by the repository around it. It starts no file system monitor and follows no branch to its upstream. What lies in
 * another repository inside is that one's: a submodule is changed when another commit of it is checked out, and a linked
 * worktree or a clone, which git names with a `/` at its end, is no file.
 */
import { askGit, type GitQuestion } from "./ask-git.ts";
import type { Worktree } from "./worktrees.ts";

/** Milliseconds that git may take: reading a large worktree for the first time after a start of the machine takes long. */
const STATUS_LIMIT_MS = 120_000;

/** So many paths, or characters of paths, and git is asked about all of the worktree instead. */
const MAX_NAMED = 100;
const MAX_NAMED_LENGTH = 20_000;

/** What a file is, compared with the commit that is checked out. `untracked` files are new and not ignored. */
export type Change = "modified" | "added" | "deleted" | "untracked" | "conflicted";

export interface ChangedFile {
  /** Repository-relative, separated by `/`. */
  readonly path: string;
  readonly change: Change;
}

export interface CheckedOut {
  /** Absent while HEAD is detached. */
  readonly branch?: string;
  /** Absent on a branch that has no commit yet. */
  readonly head?: string;
  /** Tracked files first, each part in the order of paths. */
  readonly changed: ReadonlyMap<string, Change>;
}

/** @throws what `askGit` throws */
export async function readStatus(worktree: Worktree, question: GitQuestion = {}): Promise<CheckedOut> {
  return parseStatus(await askStatus(worktree, ["--branch", "--no-ahead-behind", "--ignore-submodules=dirty"], question));
}

/**
 * The files and directories at or below `paths` that git ignores; it may name others too. A directory, which ends in `/`,
 * stands for all that is in it, and is not named while it holds a tracked file.
 *
 * @param paths - repository-relative; all of the worktree when empty
 * @throws what `askGit` throws
 */
export async function readIgnored(worktree: Worktree, paths: readonly string[], question: GitQuestion = {}): Promise<string[]> {
  const isMuch = paths.length > MAX_NAMED || paths.join("").length > MAX_NAMED_LENGTH;
  const printed = await askStatus(worktree, ["--ignored=matching", "--ignore-submodules=all", "--", ...(isMuch ? [] : paths)], question);
  return entriesOf(printed)
    .filter((entry) => entry.startsWith("! "))
    .map((entry) => entry.slice(2));
}

async function askStatus({ root, gitDir }: Worktree, args: readonly string[], question: GitQuestion): Promise<string> {
  const about = ["--literal-pathspecs", "-c", "core.fsmonitor=false", "--git-dir", gitDir, "--work-tree", root];
  const how = ["--porcelain=v2", "-z", "--untracked-files=all", "--no-renames"];
  return askGit(root, [...about, "status", ...how, ...args], { limitMs: STATUS_LIMIT_MS, ...question });
}

/** @param printed - by `git status --porcelain=v2 -z --branch --no-renames` */
export function parseStatus(printed: string): CheckedOut {
  const changed = new Map<string, Change>();
  let branch: string | undefined;
  let head: string | undefined;
  for (const entry of entriesOf(printed)) {
    if (entry.startsWith("# branch.oid ")) head = unless("(initial)", entry.slice("# branch.oid ".length));
    else if (entry.startsWith("# branch.head ")) branch = unless("(detached)", entry.slice("# branch.head ".length));
    else if (entry.startsWith("1 ")) changed.set(afterFields(entry, 8), changeOf(entry.slice(2, 4)));
    else if (entry.startsWith("u ")) changed.set(afterFields(entry, 10), "conflicted");
    else if (entry.startsWith("? ") && !entry.endsWith("/")) changed.set(entry.slice(2), "untracked"); // it may stand as deleted
  }
  return { ...(branch === undefined ? {} : { branch }), ...(head === undefined ? {} : { head }), changed };
}

/** @param states - two letters: the index compared with the commit, and the file compared with the index */
function changeOf(states: string): Change {
  const [index, file] = states;
  if (file === "D" || (index === "D" && file === ".")) return "deleted";
  return index === "A" || file === "A" ? "added" : "modified";
}

function entriesOf(printed: string): string[] {
  return printed.split("\0");
}

/** What follows `count` fields, which a blank ends; it may itself hold blanks. */
function afterFields(entry: string, count: number): string {
  let at = 0;
  for (let field = 0; field < count; field += 1) at = entry.indexOf(" ", at) + 1;
  return entry.slice(at);
}

function unless(nothing: string, value: string): string | undefined {
  return value === nothing ? undefined : value;
}
