/**
 * The moment in which a file is exchanged for another: only if it still is the one that was hashed.
 *
 * Everything here is synchronous, so that no turn of the event loop lies between the last look and the rename.
 */
import { type BigIntStats, closeSync, linkSync, lstatSync, openSync, renameSync, unlinkSync } from "node:fs";
import { NO_LINKS } from "./create-once.ts";
import { errnoOf } from "./errno.ts";
import type { SafePath } from "./safe-path.ts";

/** How a file gets a second name; another one in tests of file systems that have none. */
export type GiveName = (existing: string, name: string) => void;

/**
 * Puts `temporary` where `place` is, or removes what is there when `temporary` is undefined.
 *
 * @param hashed - the file's stat from before it was hashed, undefined when nothing was there
 * @returns false when something else stands there by now, which is then untouched
 */
export function swapUnchanged(
  place: Pick<SafePath, "absolute" | "entry">,
  hashed: BigIntStats | undefined,
  temporary: string | undefined,
  giveName: GiveName = linkSync,
): boolean {
  try {
    if (hashed === undefined) return temporary !== undefined && takeName(temporary, place.absolute, giveName);
    if (!isSame(lstatSync(place.absolute, { bigint: true }), hashed)) return false;
    if (temporary === undefined) unlinkSync(place.entry);
    else renameSync(temporary, place.absolute);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return false; // the target, its folder or the temporary file is gone
    throw cause;
  }
}

/** Takes a name that nobody has; the temporary file keeps its own as well where there are hard links. */
function takeName(temporary: string, absolute: string, giveName: GiveName): boolean {
  try {
    giveName(temporary, absolute);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === "EEXIST") return false;
    if (!NO_LINKS.has(errnoOf(cause))) throw cause;
  }
  try {
    closeSync(openSync(absolute, "wx"));
  } catch (cause) {
    if (errnoOf(cause) === "EEXIST") return false;
    throw cause;
  }
  renameSync(temporary, absolute);
  return true;
}

function isSame(now: BigIntStats, hashed: BigIntStats): boolean {
  const members = ["ino", "dev", "size", "mtimeNs", "ctimeNs"] as const;
  return members.every((member) => now[member] === hashed[member]);
}
