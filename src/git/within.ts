/** Whether a path names a worktree's folder, or lies in it and in no repository or worktree below it. */
import { lstat, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";

/**
 * Symbolic links are followed; nothing that is not there lies anywhere.
 *
 * @param root - top of the worktree
 * @param path - absolute
 */
export async function isWithin(root: string, path: string): Promise<boolean> {
  if (!isAbsolute(path)) return false;
  try {
    const [top, place] = await Promise.all([realpath(root), realpath(path)]);
    const below = relative(top, place);
    if (below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) return false;
    for (let folder = place; folder !== top; folder = dirname(folder)) if (await hasRepository(folder)) return false;
    return true;
  } catch {
    return false;
  }
}

async function hasRepository(folder: string): Promise<boolean> {
  return lstat(join(folder, ".git")).then(
    () => true,
    () => false,
  );
}
