/**
 * What a path may go on with, by the commit that a worktree stands on: the names in one folder, without touching any file, so
 * that no link leads elsewhere and nothing that git does not know is told.
 */
import { askGit, GitFailed, GitFolderMissing, GitMissing, GitSilent } from "./ask-git.ts";

/** Whoever types goes on without. */
const NO_ANSWER = [GitFailed, GitFolderMissing, GitMissing, GitSilent] as const;

/**
 * Paths that begin with `begun`, down to the next `/`; those of folders end in it. None where there is no commit or no such folder.
 *
 * @param begun - repository-relative, separated by `/`
 */
export async function committedNames(root: string, begun: string): Promise<readonly string[]> {
  if (/\p{Cc}|\p{Cs}/u.test(begun)) return [];
  const folder = begun.slice(0, begun.lastIndexOf("/") + 1);
  let listed: string;
  try {
    listed = await askGit(root, ["--literal-pathspecs", "ls-tree", "-z", "HEAD", ...(folder === "" ? [] : ["--", folder])]);
  } catch (cause) {
    if (NO_ANSWER.some((kind) => cause instanceof kind)) return [];
    throw cause;
  }
  return listed.split("\0").flatMap((line) => {
    const [, type, path = ""] = /^\d+ (\w+) [0-9a-f]+\t(.+)$/s.exec(line) ?? [];
    return (type === "blob" || type === "tree") && path.startsWith(begun) ? [type === "tree" ? `${path}/` : path] : [];
  });
}
