/**
 * Which workspace a call is about: the bridge's own, or the one that `repo_path` names. Each is opened once and kept.
 */
import { statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { findWorkspace, mainPathOf, type Workspace } from "../git/repository.ts";
import { type ContextOptions, openContext, type WorkspaceContext } from "./context.ts";
import type { BridgePeers } from "./peers.ts";

/** There is no workspace there, or none that can be used. */
export interface NoContext {
  readonly refused: { readonly code: string; readonly message: string };
}

export interface Contexts {
  /** @param repoPath - relative to the working directory; without it the bridge's own workspace */
  contextFor(repoPath: string | undefined): Promise<WorkspaceContext | NoContext>;
  /** Leaves every session that was joined. */
  leave(): Promise<void>;
}

export interface ContextsOptions extends ContextOptions {
  /** A folder that a person named: one in no repository is a workspace of its own. */
  readonly named: string | undefined;
  /** Undefined where the folder is gone in which the bridge was started. */
  readonly cwd: string | undefined;
}

const FOLDER_GONE: NoContext = {
  refused: {
    code: "workspace/no-folder",
    message:
      "the folder that this server was started in is gone: start it in one that is there, or name the repository in MPAC_WORKSPACE_DIR",
  },
};

interface Opened {
  readonly workspace: Workspace;
  readonly context: WorkspaceContext;
  /** What stood there when it was opened; another one since then is another workspace. */
  readonly stamp: string | undefined;
}

export function createContexts(options: ContextsOptions): Contexts {
  const { named, cwd, env, remote } = options;
  const byPath = new Map<string, Promise<Opened | NoContext>>();
  const byRoot = new Map<string, Promise<Opened>>();
  const forgotten = new WeakSet<Opened>();
  /** Until then the names of those that are forgotten are taken. */
  let farewell: Promise<unknown> = Promise.resolve();
  let left: Promise<void> | undefined;
  let peerElsewhere: BridgePeers | undefined;

  function openOnce(workspace: Workspace, written: string): Promise<Opened> {
    const key = keyOf(workspace);
    let opening = byRoot.get(key);
    if (opening === undefined) {
      opening = farewell
        .then(() => openContext(workspace, written, options, (make) => (peerElsewhere ??= make())))
        .then((context) => ({ workspace, context, stamp: stampOf(workspace) }));
      opening.catch(() => byRoot.delete(key));
      byRoot.set(key, opening);
    }
    return opening;
  }

  async function open(path: string, outside: "refuse" | "folder"): Promise<Opened | NoContext> {
    try {
      const found = await findWorkspace(path, { outside, env });
      if (found.kind === "refused") return (await ownFolderAround(path)) ?? { refused: { code: found.code, message: found.message } };
      return (await strangerTo(found, path)) ?? (await openOnce(found, path));
    } catch (cause) {
      if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") throw cause;
      return { refused: { code: cause.code, message: cause.message } };
    }
  }

  /** A session elsewhere is that of the bridge's own repository: files of another one would be taken for files of it. */
  async function strangerTo(found: Workspace, path: string): Promise<NoContext | undefined> {
    if (remote === undefined || path === own) return undefined;
    const session = `the session ${remote.sessionId} of MPAC_COORDINATOR_URL`;
    const standing = own === undefined ? FOLDER_GONE : await openAt(own, named === undefined ? "refuse" : "folder");
    if ("refused" in standing) {
      const message = `${session} is about the repository that this server was started in, and it was started in none: set MPAC_WORKSPACE_DIR to that repository, or unset MPAC_COORDINATOR_URL, in the configuration of this MCP server`;
      return { refused: { code: "remote/no-repository", message } };
    }
    const main = mainPathOf(standing.workspace);
    if (mainPathOf(found) === main) return undefined;
    const message = `${session} is about ${main}, and ${path} is in another repository: work on that one with a server that was started there`;
    return { refused: { code: "remote/other-repository", message } };
  }

  /** A folder in no repository is found again from inside it when it is the bridge's own workspace. */
  async function ownFolderAround(path: string): Promise<Opened | undefined> {
    if (named === undefined || own === undefined || path === own) return undefined;
    const standing = await openAt(own, "folder");
    if ("refused" in standing || standing.workspace.kind !== "folder") return undefined;
    const way = relative(standing.workspace.root, await realpath(path).catch(() => sep));
    return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : standing;
  }

  /** What was found stays found; what was not is looked for again by the next call. */
  function openAt(path: string, outside: "refuse" | "folder"): Promise<Opened | NoContext> {
    let opening = byPath.get(path);
    if (opening === undefined) {
      opening = open(path, outside);
      byPath.set(path, opening);
      const forget = () => byPath.delete(path);
      opening.then((opened) => "refused" in opened && forget(), forget);
    }
    return opening;
  }

  /** The worktree was removed, or another repository stands in its place: nobody works in it any more. */
  function forget(opened: Opened): void {
    if (forgotten.has(opened)) return; // by another call, and what is there now is not meant
    forgotten.add(opened);
    byRoot.delete(keyOf(opened.workspace));
    byPath.clear();
    farewell = Promise.allSettled([farewell, opened.context.leave()]);
  }

  const wholeOf = (path: string): string | undefined => (cwd === undefined && !isAbsolute(path) ? undefined : resolve(cwd ?? sep, path));
  const own = wholeOf(named ?? ".");

  async function leaveAll(): Promise<void> {
    const opened = await Promise.allSettled(byRoot.values());
    const leaving = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value.context.leave()] : []));
    await Promise.all([...leaving, peerElsewhere?.[Symbol.asyncDispose]()]);
  }

  return {
    async contextFor(repoPath) {
      const path = repoPath === undefined ? own : wholeOf(repoPath);
      if (path === undefined) return FOLDER_GONE;
      const outside = path === own && named !== undefined ? "folder" : "refuse";
      const opened = await openAt(path, outside);
      if ("refused" in opened) return opened;
      if (stampOf(opened.workspace) === opened.stamp) return opened.context;
      forget(opened);
      await farewell; // what was held there is free when that is said
      const again = await openAt(path, outside);
      return "refused" in again ? again : again.context;
    },
    leave() {
      left ??= leaveAll();
      return left;
    },
  };
}

function keyOf(workspace: Workspace): string {
  return workspace.kind === "repository" ? (workspace.root ?? workspace.gitDir) : workspace.root;
}

/**
 * Tells one worktree from the next at the same path; undefined when there is none. It comes before every call, so it looks
 * without a detour over the thread pool, which would take longer than the answer.
 */
function stampOf(workspace: Workspace): string | undefined {
  const folders = workspace.kind === "repository" ? [workspace.root ?? workspace.gitDir, workspace.gitDir] : [workspace.root];
  try {
    return folders
      .map((folder) => statSync(folder, { bigint: true }))
      .map(({ dev, ino }) => `${dev}:${ino}`)
      .join(" ");
  } catch {
    return undefined;
  }
}
