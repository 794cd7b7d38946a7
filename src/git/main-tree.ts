/**
 * The files of the main worktree, as clients without a worktree of their own see them. Read only.
 */
import { shortRef } from "../wire/references.ts";
import { createFileLister } from "./file-list.ts";
import { readFileState, readText } from "./file-state.ts";
import type { Workspace } from "./repository.ts";

/** Largest file that is read into a frame, and most files that are listed. */
const MAX_TEXT_BYTES = 1024 * 1024;
const LIST_LIMITS = { maxEntries: 20_000, maxBytes: 1024 * 1024 * 1024 };

export interface MainTree {
  reference(path: string): Promise<string | null>;
  read(path: string): Promise<{ readonly content: string; readonly stateRef: string } | { readonly refused: string }>;
  list(): Promise<{
    readonly files: readonly { readonly path: string; readonly state_ref: string; readonly size: number }[];
    readonly truncated: boolean;
  }>;
}

/** A bare repository has no files of its own: every question finds nothing. */
export function mainTree(workspace: Workspace): MainTree {
  const root = workspace.kind === "folder" ? workspace.root : workspace.bare ? undefined : workspace.main;
  if (root === undefined) {
    const refused = "File not found";
    return {
      reference: () => Promise.resolve(null),
      read: () => Promise.resolve({ refused }),
      list: () => Promise.resolve({ files: [], truncated: false }),
    };
  }
  const lister = createFileLister(root, { kind: workspace.kind });
  return {
    async reference(path) {
      const state = await readFileState(root, path, { content: false, maxBytes: 0 });
      return state.status === "ok" ? state.state_ref : null;
    },
    async read(path) {
      const text = await readText(root, path, MAX_TEXT_BYTES);
      return text.ok ? { content: text.content, stateRef: text.state_ref } : { refused: text.why };
    },
    async list() {
      const { files, truncated } = await lister.list(LIST_LIMITS);
      return { files: files.map((file) => ({ ...file, state_ref: shortRef(file.state_ref) })), truncated };
    },
  };
}
