/**
 * Which worktrees a repository has, as git lists them.
 *
 * What git lists is looked at once more, each worktree from inside, because the list is only git's memory: it holds folders
 * that are gone and places where something else stands by now, and for a submodule it names git's own directory.
 */
import { askGit, GitFailed, type GitQuestion } from "./ask-git.ts";
import { findWorkspace, type Repository } from "./repository.ts";

/** A place where files of a repository are checked out. */
export interface Worktree extends Repository {
  readonly root: string;
}

/**
 * The worktrees that stand on this disk, that of `workspace` first. Costs a git process for each, one after the other.
 *
 * @throws what `askGit` throws
 */
export async function listWorktrees(workspace: Repository, question: GitQuestion = {}): Promise<readonly Worktree[]> {
  const found = new Map<string, Worktree>();
  const keep = (place: Repository) => {
    if (place.root !== undefined && place.commonDir === workspace.commonDir) found.set(place.gitDir, { ...place, root: place.root });
  };
  keep(workspace);
  for (const path of parseList(await askList(workspace.commonDir, question))) {
    const place = await findWorkspace(path, question);
    if (place.kind === "repository") keep(place);
  }
  return [...found.values()];
}

/** Paths of entries that are neither bare nor known to be gone. Lines end in NUL, or in a line break as older git prints them. */
export function parseList(printed: string): string[] {
  const end = printed.includes("\0") ? "\0" : "\n";
  return printed
    .split(`${end}${end}`)
    .map((entry) => entry.split(end))
    .filter((lines) => !lines.some((line) => line === "bare" || /^prunable\b/.test(line)))
    .flatMap((lines) => lines.filter((line) => line.startsWith("worktree ")).map((line) => line.slice("worktree ".length)));
}

async function askList(folder: string, question: GitQuestion): Promise<string> {
  try {
    return await askGit(folder, ["worktree", "list", "--porcelain", "-z"], question);
  } catch (error) {
    if (!(error instanceof GitFailed && /unknown switch/.test(error.stderr))) throw error;
    return askGit(folder, ["worktree", "list", "--porcelain"], question); // git before 2.36
  }
}
