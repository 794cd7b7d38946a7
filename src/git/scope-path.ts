/**
 * Which paths of a worktree a path in a scope stands for, once the symbolic links in it are followed.
 *
 * Scopes are compared by their text, and bytes lie where links lead. So a scope names what is there: a link stands for
 * itself, which may be replaced or deleted, and for the file that is changed through it; a path through a linked folder
 * stands for the file in the real one. What leads out of the worktree stays as it was written: nothing is written there.
 */
import { realpathSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path";
import { isInside, showInside } from "./safe-path.ts";

/**
 * @param root - real path of the worktree
 * @param written - relative to it, with `/` between segments; globs are allowed
 * @returns the path as it is written when no link is in it
 */
export function linkedPaths(root: string, written: string): readonly string[] {
  const names = written.split("/");
  const firstGlob = names.findIndex((name) => /[*?]/.test(name));
  if (firstGlob === 0) return [written];
  if (firstGlob > 0) {
    const folder = realPlace(root, names.slice(0, firstGlob).join("/"));
    return folder === undefined ? [written] : [[...folder.split("/"), ...names.slice(firstGlob)].filter((name) => name !== "").join("/")];
  }

  const target = realPlace(root, written);
  // Where it leads to itself no link is in it, and nothing more is asked of the system.
  const entry = target === asWritten(root, written) ? target : realEntry(root, written);
  const moved = [target, entry].filter((path) => path !== undefined);
  return moved.length === 0 ? [written] : [...new Set(moved)].map((path) => (written.endsWith("/") ? `${path}/` : path));
}

function asWritten(root: string, path: string): string {
  return showInside(root, normalize(join(root, path)).replace(/[/\\]+$/, ""));
}

/** Where the path leads, every link followed; undefined when it leads out of the worktree. */
function realPlace(root: string, path: string): string | undefined {
  const absolute = normalize(join(root, path));
  return insideOf(root, realAsFarAsThere(absolute));
}

/** The name itself in its real folder; undefined when that lies outside. */
function realEntry(root: string, path: string): string | undefined {
  const absolute = normalize(join(root, path)).replace(/[/\\]+$/, "");
  if (relative(root, absolute) === "") return undefined;
  return insideOf(root, join(realAsFarAsThere(dirname(absolute)), basename(absolute)));
}

function insideOf(root: string, absolute: string): string | undefined {
  return isInside(root, absolute) ? showInside(root, absolute) || "." : undefined;
}

/**
 * An absolute path with the links followed in as much of it as exists. It asks the system without a detour over the thread
 * pool, which takes ten times as long as the answer, once for each folder that is not there yet.
 */
function realAsFarAsThere(absolute: string): string {
  for (let there = absolute; ; there = dirname(there)) {
    try {
      return join(realpathSync.native(there), relative(there, absolute)).replace(/(?<=.)[/\\]$/, "");
    } catch {
      if (there === dirname(there)) return absolute;
    }
  }
}
