/**
 * The files of the main worktree, as clients without a worktree of their own see them. Read only, and
 * without what is this program's own.
 */
import { shortRef } from "../wire/references.ts";
import { closedPlaces } from "./closed-places.ts";
import { createFileLister } from "./file-list.ts";
import { readFileState, readText } from "./file-state.ts";
import type { Workspace } from "./repository.ts";
import type { StoreFolder } from "./store-folder.ts";

/** Largest file that is read into a frame. */
const MAX_TEXT_BYTES = 1024 * 1024;
/** Largest file that is hashed for a client: some tenths of a second of work. */
const MAX_HASHED_BYTES = 64 * 1024 * 1024;
const MAX_LISTED = 20_000;

export interface MainTree {
  /** Null when there is no such file, it may not be shown, or it has more than 64 MiB. */
  reference(path: string): Promise<string | null>;
  read(path: string): Promise<{ readonly content: string; readonly stateRef: string } | { readonly refused: string }>;
  list(): Promise<{
    readonly files: readonly { readonly path: string; readonly state_ref: string; readonly size: number }[];
    readonly truncated: boolean;
  }>;
}

/** Every question finds nothing: what a session has that is of no repository. */
export const NO_FILES: MainTree = {
  reference: () => Promise.resolve(null),
  read: () => Promise.resolve({ refused: "File not found" }),
  list: () => Promise.resolve({ files: [], truncated: false }),
};

/**
 * A bare repository has no files of its own.
 *
 * @param store - the store of this process, which it must not open as a file
 */
export function mainTree(
  workspace: Workspace,
  store: Pick<StoreFolder, "folder" | "logPath">,
  env: NodeJS.ProcessEnv = process.env,
): MainTree {
  // Bare, a submodule, a separate git directory: «main» is git's own directory then, which nobody reads through us.
  const ofRepository = workspace.kind === "folder" || workspace.main === workspace.commonDir ? undefined : workspace.main;
  const root = workspace.kind === "folder" ? workspace.root : ofRepository;
  if (root === undefined) return NO_FILES;
  const lister = createFileLister(root, { kind: workspace.kind });
  return {
    async reference(path) {
      const state = await readFileState(root, path, {
        content: false,
        maxBytes: 0,
        refuseOver: MAX_HASHED_BYTES,
        closed: await closedPlaces(store, env),
      });
      return state.status === "ok" ? state.state_ref : null;
    },
    async read(path) {
      const text = await readText(root, path, MAX_TEXT_BYTES, await closedPlaces(store, env));
      return text.ok ? { content: text.content, stateRef: text.state_ref } : { refused: text.why };
    },
    async list() {
      const { files, truncated } = await lister.list({
        maxEntries: MAX_LISTED,
        maxBytes: MAX_HASHED_BYTES,
        closed: await closedPlaces(store, env),
      });
      return { files: files.map((file) => ({ ...file, state_ref: shortRef(file.state_ref) })), truncated };
    },
  };
}
