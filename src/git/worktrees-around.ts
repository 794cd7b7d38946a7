/**
 * Which worktree of a repository a folder or a file lies in, whether the file is there or not. Git says it, because a worktree may
 * hold a submodule, or another repository; it is asked once for a folder, and again after a while.
 */
import { realpath, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { errnoOf } from "./errno.ts";
import { findWorkspace, type Repository } from "./repository.ts";
import { isInside } from "./safe-path.ts";
import type { Worktree } from "./worktrees.ts";

/** How long it is remembered which repository a folder is in, in milliseconds, and of how many folders. */
const KNOWN_MS = 30_000;
const MAX_KNOWN = 1_000;

export interface WorktreesAround {
  /** Undefined for a folder in no worktree of this repository. */
  folder(path: string): Promise<Worktree | undefined>;
  /** @param real - as `realFile` gives it */
  file(real: string): Promise<Worktree | undefined>;
}

export function worktreesAround({ commonDir }: Repository, env: NodeJS.ProcessEnv): WorktreesAround {
  const known = new Map<string, { readonly worktree: Worktree | undefined; readonly atMs: number }>();

  async function folder(path: string): Promise<Worktree | undefined> {
    const standing = known.get(path);
    if (standing !== undefined && performance.now() - standing.atMs < KNOWN_MS) return standing.worktree;
    const around = await findWorkspace(path, { env }).catch(() => undefined);
    const isOurs = around?.kind === "repository" && around.commonDir === commonDir && around.root !== undefined;
    const worktree = isOurs && isInside(around.root, path) ? { ...around, root: around.root } : undefined;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(path, { worktree, atMs: performance.now() });
    return worktree;
  }

  return { folder, file: async (real) => folder(await folderThere(real)) };
}

/** An absolute path with every link followed, as far as it is there; undefined for a folder. */
export async function realFile(absolute: string): Promise<string | undefined> {
  const real = await realAsFarAsThere(absolute);
  const isFolder = await stat(real).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? undefined : real;
}

async function realAsFarAsThere(absolute: string): Promise<string> {
  for (let there = absolute; ; there = dirname(there)) {
    try {
      return join(await realpath(there), relative(there, absolute));
    } catch (cause) {
      if (there === dirname(there)) throw cause;
    }
  }
}

/** The deepest folder above a path that exists. */
async function folderThere(path: string): Promise<string> {
  for (let there = dirname(path); ; there = dirname(there)) {
    try {
      return await realpath(there);
    } catch (cause) {
      if (there === dirname(there) || errnoOf(cause) !== "ENOENT") return there;
    }
  }
}
