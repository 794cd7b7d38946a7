/**
 * The second step of a change: put in place when the target still is what the coordinator was told, or taken back.
 *
 * `replace-file.ts` says what is promised and what is not.
 */
import { type BigIntStats, constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { EMPTY_REF, refsEqual } from "../wire/references.ts";
import { errnoOf } from "./errno.ts";
import { digestAndClose } from "./file-state.ts";
import { removeNote } from "./replacement-journal.ts";
import { openInside, type SafePath } from "./safe-path.ts";
import { swapUnchanged } from "./swap-file.ts";
import { flushDirectory, removeEmpty, removeFile } from "./temporary-file.ts";
import { WriteFailed } from "./write-failed.ts";

/** How often a target that moves in the last moment is hashed again before it counts as changed. */
const ATTEMPTS = 3;

export type Applied =
  | { readonly outcome: "applied"; readonly stateRefAfter: string }
  /**
   * The target is not what was expected and was not touched. `currentRef` is null when no readable file stands there any
   * more; the content is left at `keptAt`, relative to the worktree (a deletion has none).
   */
  | { readonly outcome: "changed"; readonly currentRef: string | null; readonly keptAt?: string }
  /** Somebody removed or altered the temporary file. The target is as expected and was not touched. */
  | { readonly outcome: "lost"; readonly currentRef: string };

export interface Prepared {
  /** Relative to the worktree. */
  readonly path: string;
  readonly stateRefAfter: string;
  /** Where the content waits, relative to the worktree; absent for a deletion. */
  readonly waitsAt?: string;

  /**
   * Puts the change in place if the target's content is `expectedRef` now (`EMPTY_REF` for a file that is not there).
   * Called again it gives the same answer. The note for the next bridge goes with `applied` only.
   *
   * @throws WriteFailed when the system refuses; the target is untouched and the temporary file is gone
   */
  apply(expectedRef: string): Promise<Applied>;

  /** Takes the change back: temporary file, directories made for it, note. Does nothing once `apply` was called. */
  abandon(): Promise<void>;

  /** Removes the note after an `apply` that did not apply: to be called when the coordinator knows that the operation is withdrawn. */
  withdrawn(): Promise<void>;
}

/** What `prepareReplacement` and `resumeReplacement` hand over. */
export interface WaitingChange {
  readonly root: string;
  readonly path: string;
  readonly after: string;
  readonly deletes: boolean;
  /** Absolute; absent for a deletion and when it cannot be found any more. */
  readonly temporary: string | undefined;
  readonly waitsAt: string | undefined;
  /** Absolute, outermost first. */
  readonly made: readonly string[];
  readonly note: string | undefined;
}

/**
 * Not disposable on purpose: when a connection breaks after the operation was sent, nobody here knows whether it was
 * accepted, and the change has to wait for whoever finds out.
 */
export function preparedChange(change: WaitingChange): Prepared {
  const { path, after, temporary, waitsAt, made, note } = change;
  let applying: Promise<Applied> | undefined;
  let abandoned = false;

  async function removeWaiting(): Promise<void> {
    if (temporary !== undefined) await removeFile(temporary);
    await removeEmpty(made);
  }

  async function applyOnce(expectedRef: string): Promise<Applied> {
    try {
      const answer = await putInPlace(change, expectedRef);
      if (answer.outcome === "lost") await removeWaiting();
      if (answer.outcome !== "applied") return answer;
      if (temporary !== undefined) await removeFile(temporary);
    } catch (cause) {
      await removeWaiting().catch(() => undefined); // the first failure is the one to tell
      throw new WriteFailed(path, cause);
    }
    if (note !== undefined) await removeNote(note);
    return { outcome: "applied", stateRefAfter: after };
  }

  return {
    path,
    stateRefAfter: after,
    ...(waitsAt === undefined ? {} : { waitsAt }),
    apply(expectedRef) {
      if (abandoned) throw new Error(`the change of ${path} is abandoned`);
      applying ??= applyOnce(expectedRef);
      return applying;
    },
    async abandon() {
      if (applying !== undefined) return;
      abandoned = true;
      await removeWaiting();
      if (note !== undefined) await removeNote(note);
    },
    async withdrawn() {
      if (note !== undefined) await removeNote(note);
    },
  };
}

async function putInPlace(change: WaitingChange, expectedRef: string): Promise<Applied> {
  const { root, path, after, deletes, temporary, waitsAt } = change;
  const intact = deletes || (temporary !== undefined && (await hashOf(temporary)) === after);
  const changed = (currentRef: string | null): Applied => ({
    outcome: "changed",
    currentRef,
    ...(waitsAt !== undefined && intact ? { keptAt: waitsAt } : {}),
  });
  let currentRef: string | null = null;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const found = await look(root, path);
    if (found === undefined) return changed(null);
    const { place, stat, ref } = found;
    currentRef = ref;
    if (deletes ? stat === undefined : stat !== undefined && ref === after) return { outcome: "applied", stateRefAfter: after };
    if (!refsEqual(ref, expectedRef)) return changed(ref);
    if (!intact) return { outcome: "lost", currentRef: ref };
    if (temporary !== undefined && dirname(temporary) !== dirname(place.absolute)) return changed(ref);
    if (swapUnchanged(place, stat, temporary)) {
      await flushDirectory(dirname(place.absolute));
      return { outcome: "applied", stateRefAfter: after };
    }
  }
  return changed(currentRef);
}

interface Found {
  readonly place: SafePath;
  readonly ref: string;
  /** As it was before the bytes were read; absent when there is no file. */
  readonly stat?: BigIntStats;
}

async function look(root: string, path: string): Promise<Found | undefined> {
  const opened = await openInside(root, path);
  if (opened.status === "refused") return undefined;
  if (opened.status === "missing") return { place: opened.place, ref: EMPTY_REF };
  const { ref } = await digestAndClose(opened.handle, { text: false, keepBytes: 0 });
  return { place: opened.place, ref, stat: opened.stat };
}

async function hashOf(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    return (await digestAndClose(handle, { text: false, keepBytes: 0 })).ref;
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT" || errnoOf(cause) === "ELOOP") return undefined;
    throw cause;
  }
}
