/** Which workspace a command is about, where its log is kept, and whether its session is elsewhere. */
import { readRemote, type Remote } from "../client/remote.ts";
import { findWorkspace, mainPathOf, type Workspace } from "../git/repository.ts";
import { locateStore, type StoreFolder } from "../git/store-folder.ts";
import { CommandFault } from "./fault.ts";

export interface CommandPlace {
  readonly workspace: Workspace;
  /** Main worktree, or plain folder. */
  readonly main: string;
  readonly store: StoreFolder;
}

/** What `--workspace` is for, in every command that has it. */
export const WORKSPACE_OPTION = ["--workspace <dir>", "folder in the repository; MPAC_WORKSPACE_DIR, else this one"] as const;

/**
 * The workspace that `--workspace` names, else MPAC_WORKSPACE_DIR, else the one around the working directory.
 *
 * @throws CommandFault when there is none, NoStoreFolder, StoreIdentityBroken, GitSilent
 */
export async function placeOf(flag: string | undefined): Promise<CommandPlace> {
  const workspace = await workspaceOf(flag);
  return { workspace, main: mainPathOf(workspace), store: await locateStore(workspace) };
}

/** @throws CommandFault when there is none, GitSilent */
export async function workspaceOf(flag: string | undefined): Promise<Workspace> {
  const named = flag ?? (process.env["MPAC_WORKSPACE_DIR"]?.trim() || undefined);
  const found = await findWorkspace(named ?? process.cwd(), { outside: named === undefined ? "refuse" : "folder" });
  if (found.kind === "refused") throw new CommandFault(found.code, found.message);
  return found;
}

/** The coordinator elsewhere that MPAC_COORDINATOR_URL names. @throws CommandFault when it cannot be used as it is set */
export function remoteOf(env: NodeJS.ProcessEnv): Remote | undefined {
  const remote = readRemote(env, "");
  if (remote !== undefined && "refused" in remote) throw new CommandFault("config/invalid", remote.refused.message);
  return remote;
}
