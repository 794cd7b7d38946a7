/**
 * Whether somebody edited a file between two looks at a worktree.
 *
 * A commit, a checkout and `git add` change what git says of files without anybody having edited one, and a second edit of
 * a file changes nothing of what git says. So the changed files themselves are compared, by size, times and inode.
 */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { ChangedFile } from "./worktree-status.ts";

export interface Stamped {
  /** The commit at that time. */
  readonly head: string | undefined;
  /** What each changed file was on the disk, by path; "" for one that is not there. */
  readonly stamps: ReadonlyMap<string, string>;
}

export async function stampChanged(root: string, head: string | undefined, changed: readonly ChangedFile[]): Promise<Stamped> {
  const stamps = await Promise.all(changed.map(async ({ path }) => [path, await stampOf(join(root, path))] as const));
  return { head, stamps: new Map(stamps) };
}

/** Whether a file was edited from `before` to `after`. While the commit changes, files come and go without an edit. */
export function isEdited(before: Stamped, after: Stamped): boolean {
  const isSameCommit = before.head === after.head;
  const hasNew = [...after.stamps].some(([path, stamp]) => {
    const known = before.stamps.get(path);
    return known === undefined ? isSameCommit : known !== stamp;
  });
  return hasNew || (isSameCommit && [...before.stamps.keys()].some((path) => !after.stamps.has(path)));
}

async function stampOf(path: string): Promise<string> {
  const stat = await lstat(path, { bigint: true }).catch(() => undefined);
  return stat === undefined ? "" : [stat.ino, stat.size, stat.mtimeNs, stat.isDirectory() ? "" : stat.ctimeNs].join(":");
}
