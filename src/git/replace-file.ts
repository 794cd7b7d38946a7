/**
 * Changing one file of a worktree in two steps: prepared before the coordinator is asked, put in place when it agreed.
 *
 * Preparing writes the content beside the target and touches nothing else. Applying hashes the target again and only then
 * renames, so a change that somebody made meanwhile is answered with `changed` and never overwritten.
 *
 * What remains: between the last look at the target and the rename lie two system calls without a turn of the event loop
 * in between. A program that writes the file in those microseconds loses its change, and so does one that keeps the old
 * file open and writes later; no system call that Node offers closes this. A new file has no such window: it is linked into
 * place, which fails when the name is taken. (On file systems without hard links the name is taken first and then renamed
 * over.) Other hard links, ACLs and extended attributes of the target stay with the old file.
 */
import { constants, type Stats } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { IntentId, OpId } from "../wire/ids.ts";
import { EMPTY_REF } from "../wire/references.ts";
import { errnoOf } from "./errno.ts";
import { refOf } from "./file-state.ts";
import { type Prepared, preparedChange } from "./prepared-change.ts";
import { claimNote, keepNote, type Pending, removeNote } from "./replacement-journal.ts";
import { resolveInside, type SafePath, showInside } from "./safe-path.ts";
import { isTemporaryOf, makeDirectories, removeEmpty, temporaryPath, writeTemporary } from "./temporary-file.ts";
import { WriteFailed } from "./write-failed.ts";
import { holdsHalfCharacter, type PathRefusal, quotePath } from "./written-path.ts";

export interface Replacement {
  /** The worktree. */
  readonly root: string;
  readonly path: string;
  /** The whole new text, or null to delete the file. */
  readonly content: string | null;
  readonly opId: OpId;
  /** Where the note for the next bridge is kept; without it a crash leaves the temporary file for good. */
  readonly journal?: Journal;
}

export interface Journal {
  /** The worktree's own git directory, or the store's folder where there is none. */
  readonly gitDir: string;
  readonly intentId: IntentId;
  readonly stateRefBefore: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
}

export type PrepareAnswer = { readonly ok: true; readonly prepared: Prepared } | PathRefusal;

/**
 * Writes and flushes what is to stand at the path, beside it, and makes the directories that it needs.
 *
 * @throws WriteFailed when the machine does not let it; nothing is left behind then
 */
export async function prepareReplacement({ root, path, content, opId, journal }: Replacement): Promise<PrepareAnswer> {
  if (content !== null && holdsHalfCharacter(content)) {
    return { ok: false, why: `the content for ${quotePath(path)} holds half of a character: write it in valid Unicode` };
  }
  const place = await resolveInside(root, path);
  if (!place.ok) return place;

  const bytes = content === null ? undefined : Buffer.from(content, "utf8");
  const after = bytes === undefined ? EMPTY_REF : refOf(bytes);
  const temporary = bytes === undefined ? undefined : temporaryPath(place.absolute, opId);
  const waitsAt = temporary === undefined ? undefined : showInside(place.root, temporary);
  const made: string[] = [];
  let note: string | undefined;
  try {
    const like = await writableStats(place);
    const absent = bytes === undefined ? [] : await absentDirectories(place);
    if (journal !== undefined) {
      note = await keepNote(journal.gitDir, {
        op_id: opId,
        intent_id: journal.intentId,
        target: place.path,
        ...(waitsAt === undefined ? {} : { temp: waitsAt }),
        directories: absent.map((directory) => showInside(place.root, directory)),
        state_ref_before: journal.stateRefBefore,
        state_ref_after: after,
        created_at: new Date(journal.createdAtMs).toISOString(),
      }).catch((cause: unknown) => {
        throw new WriteFailed(place.path, cause, journal.gitDir);
      });
    }
    await makeDirectories(absent, (directory) => made.push(directory));
    if (bytes !== undefined && temporary !== undefined) await writeTemporary(temporary, bytes, like);
  } catch (cause) {
    await removeEmpty(made);
    if (note !== undefined) await removeNote(note);
    throw cause instanceof WriteFailed ? cause : new WriteFailed(place.path, cause);
  }
  return {
    ok: true,
    prepared: preparedChange({ root, path: place.path, after, deletes: bytes === undefined, temporary, waitsAt, made, note }),
  };
}

/**
 * Takes over a change that another process left when it ended: `apply(entry.state_ref_before)` finishes it, and answers
 * `applied` also when that process had already renamed; `abandon()` withdraws it. To be done before this bridge submits.
 */
export async function resumeReplacement(root: string, pending: Pending): Promise<PrepareAnswer> {
  const { entry } = pending;
  const note = await claimNote(pending);
  if (note === undefined) {
    return { ok: false, why: `another bridge of this worktree has taken over the change of ${quotePath(entry.target)}` };
  }
  const waiting = entry.temp === undefined ? undefined : await resolveInside(root, entry.temp);
  const temporary = waiting?.ok === true && isTemporaryOf(waiting.entry, entry.op_id) ? waiting.entry : undefined;
  const made: string[] = [];
  for (const directory of temporary === undefined ? [] : entry.directories) {
    const child = await resolveInside(root, `${directory}/x`);
    if (child.ok) made.push(dirname(child.absolute));
  }
  return {
    ok: true,
    prepared: preparedChange({
      root,
      path: entry.target,
      after: entry.state_ref_after,
      deletes: entry.temp === undefined,
      temporary,
      waitsAt: temporary === undefined ? undefined : entry.temp,
      made,
      note,
    }),
  };
}

/** The target's mode and owner, once it is known that its owner lets us write it: a rename alone would not ask. */
async function writableStats(place: SafePath): Promise<Stats | undefined> {
  if (!place.exists) return undefined;
  await access(place.absolute, constants.W_OK);
  return stat(place.absolute);
}

/** The directories between the root and a new file that are not there yet, outermost first. */
async function absentDirectories({ absolute, root }: SafePath): Promise<string[]> {
  const absent: string[] = [];
  for (let directory = dirname(absolute); directory !== root; directory = dirname(directory)) {
    try {
      await lstat(directory);
      break;
    } catch (cause) {
      if (errnoOf(cause) !== "ENOENT") throw cause;
      absent.unshift(directory);
    }
  }
  return absent;
}
