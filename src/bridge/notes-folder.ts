/** Where the changes of a worktree that are under way are noted. */
import { join } from "node:path";
import type { Workspace } from "../git/repository.ts";
import type { StoreFolder } from "../git/store-folder.ts";

/** With the worktree, where its git directory takes what is ours; else beside the log, apart from those of other worktrees. */
export function notesFolder(workspace: Workspace, { place, folder }: StoreFolder, worktreeId: string): string {
  if (workspace.kind === "folder") return folder;
  return place === "git" ? workspace.gitDir : join(folder, "worktrees", worktreeId);
}
