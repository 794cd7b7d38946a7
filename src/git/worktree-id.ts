/**
 * Which worktree this is, under a name that stays when the folder moves.
 *
 * The id is random and kept in the worktree's own git directory, so that it goes with the worktree. Where nothing can be
 * kept (a read-only git directory, a plain folder, a bare repository) it is derived from the path.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { WorktreeId } from "../wire/ids.ts";
import { createOnce, type CreateOnceOptions, isReadOnly } from "./create-once.ts";
import { errnoOf } from "./errno.ts";
import { mainPathOf, type Workspace } from "./repository.ts";

export const WORKTREE_ID_FILE = "signalbox-worktree";

export async function worktreeIdOf(workspace: Workspace): Promise<WorktreeId> {
  if (workspace.kind === "repository" && workspace.root !== undefined) return worktreeId(workspace.gitDir);
  return derivedFrom(mainPathOf(workspace));
}

/**
 * The id of the worktree whose own git directory is `gitDir`, made now if it has none. A file that holds anything else
 * is left alone, and the id is derived from the path.
 */
export async function worktreeId(gitDir: string, options: Pick<CreateOnceOptions, "giveName"> = {}): Promise<WorktreeId> {
  try {
    const text = await createOnce(join(gitDir, WORKTREE_ID_FILE), `${randomBytes(8).toString("hex")}\n`, { mode: 0o644, ...options });
    const kept = WorktreeId.safeParse(text.trim());
    return kept.success ? kept.data : derivedFrom(gitDir);
  } catch (error) {
    if (!isReadOnly(error)) throw error;
    return derivedFrom(gitDir);
  }
}

/**
 * The id of the worktree whose own git directory is `gitDir`, for those who only look: nothing is written. Undefined while
 * it has none, which means that nobody has worked there through this program.
 */
export async function existingWorktreeId(gitDir: string): Promise<WorktreeId | undefined> {
  try {
    const kept = WorktreeId.safeParse((await readFile(join(gitDir, WORKTREE_ID_FILE), "utf8")).trim());
    return kept.success ? kept.data : derivedFrom(gitDir);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") return derivedFrom(gitDir);
    return (await isWritable(gitDir)) ? undefined : derivedFrom(gitDir);
  }
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    (error: unknown) => !isReadOnly(error),
  );
}

function derivedFrom(path: string): WorktreeId {
  return WorktreeId.parse(createHash("sha256").update(path, "utf8").digest("hex").slice(0, 16));
}
