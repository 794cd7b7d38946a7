/**
 * Which paths of a worktree a path in a scope stands for, once the symbolic links in it are followed.
 *
 * Scopes are compared by their text, and bytes lie where links lead. So a scope names what is there: a link stands for
 * itself, which may be replaced or deleted, and for the file that is changed through it; a path through a linked folder
 * stands for the file in the real one. What leads out of the worktree stays as it was written: nothing is written there.
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
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
    const folder = insideOf(root, realAsFarAsThere(placeOf(root, names.slice(0, firstGlob).join("/"))));
    return folder === undefined ? [written] : [[...folder.split("/"), ...names.slice(firstGlob)].filter((name) => name !== "").join("/")];
  }

  const absolute = placeOf(root, written);
  const real = realAsFarAsThere(absolute);
  const target = insideOf(root, real);
  // Where it leads to itself no link is in it, and nothing more is asked of the system.
  const entry = real === absolute ? target : realEntry(root, absolute);
  const moved = [target, entry].filter((path) => path !== undefined);
  return moved.length === 0 ? [written] : [...new Set(moved)].map((path) => (written.endsWith("/") ? `${path}/` : path));
}

function placeOf(root: string, path: string): string {
  return join(root, path).replace(/(?<=.)[/\\]$/, "");
}

/** The name itself in its real folder; undefined when that lies outside. */
function realEntry(root: string, absolute: string): string | undefined {
  if (relative(root, absolute) === "") return undefined;
  return insideOf(root, join(realAsFarAsThere(dirname(absolute)), basename(absolute)));
}

function insideOf(root: string, absolute: string): string | undefined {
  return isInside(root, absolute) ? showInside(root, absolute) || "." : undefined;
}

/**
 * An absolute path with the links followed in as much of it as exists. It asks the system without a detour over the thread
 * pool, which takes ten times as long as the answer, once for each folder that is not there yet. What is not there is asked
 * for first: to be refused the real path of it takes three times as long.
 */
function realAsFarAsThere(absolute: string): string {
  for (let there = absolute; ; there = dirname(there)) {
    try {
      if (existsSync(there)) return join(realpathSync.native(there), relative(there, absolute)).replace(/(?<=.)[/\\]$/, "");
    } catch {
      // It went away in between, or its folder cannot be looked through: as much is real as lies above it.
    }
    if (there === dirname(there)) return absolute;
  }
}
