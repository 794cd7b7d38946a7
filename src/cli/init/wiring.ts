/** One worktree and what is wanted of the files that Claude Code reads in it: what is there, what is kept, what is written. */
import type { InitRecord } from "../../wire/init-record.ts";
import { CommandFault } from "../fault.ts";
import { type Launch, ownLaunch } from "../launcher.ts";
import type { CommandPlace } from "../place.ts";
import { MCP_FILE, type Server, SETTINGS_FILE } from "./claude-files.ts";
import { guardCommand } from "./guard-command.ts";
import { type Change, planInstall, planRemoval, recordOf, type Texts } from "./plan.ts";
import { missingFolders, readProjectFile, removeFolders, writeProjectFile } from "./project-files.ts";
import { readRecord, removeRecord, writeRecord } from "./record-file.ts";

export interface Project {
  readonly place: CommandPlace;
  /** Top of the worktree. */
  readonly root: string;
  readonly texts: Texts;
  readonly record: InitRecord | undefined;
  readonly server: Server;
  /** The hook's command line. */
  readonly guard: string;
  readonly removing: boolean;
  /** What a person should know of the program that is wired, one sentence each. */
  readonly remarks: readonly string[];
}

export interface WiringFlags {
  readonly strict?: boolean;
  readonly remove?: boolean;
}

/** @throws CommandFault where there is no worktree, or a file that cannot be edited */
export async function projectAt(place: CommandPlace, { strict = false, remove = false }: WiringFlags): Promise<Project> {
  const root = rootOf(place);
  const launch = ownLaunch();
  return {
    place,
    root,
    texts: { [MCP_FILE]: await readProjectFile(root, MCP_FILE), [SETTINGS_FILE]: await readProjectFile(root, SETTINGS_FILE) },
    record: await readRecord(place.store, root),
    server: serverFor(place, launch),
    guard: guardCommand({ store: place.store.folder, strict, launch }),
    removing: remove,
    remarks: remarksOn(launch),
  };
}

/** @throws CommandFault in a bare repository */
export function rootOf({ workspace }: CommandPlace): string {
  if (workspace.root !== undefined) return workspace.root;
  const sentence = "there is no worktree here for Claude Code to read: run this in one, or name one with --workspace DIR";
  throw new CommandFault("workspace/no-worktree", sentence);
}

/** A folder in no repository is a workspace only for a bridge that is told so. */
export function serverFor({ workspace }: CommandPlace, { command, args }: Launch): Server {
  const named = workspace.kind === "folder" ? ["--workspace", workspace.root] : [];
  return { command, args: [...args, "mcp", ...named] };
}

/** @throws CommandFault for a file that cannot be edited */
export function planFor({ texts, record, server, guard, removing }: Project): readonly Change[] {
  return removing ? planRemoval(texts, record) : planInstall(texts, { server, guard });
}

/** What was before is kept first, so that an installation that breaks off can be removed. @throws CommandFault */
export async function carryOut(project: Project, plan: readonly Change[]): Promise<void> {
  const { root, texts, record, removing, place } = project;
  if (!removing) {
    const folders = await Promise.all(plan.map(({ name }) => missingFolders(root, name)));
    // Where nothing can be kept, removal takes away what is ours and leaves the rest.
    await writeRecord(place.store, recordOf(root, texts, plan, record, folders.flat())).catch(() => undefined);
  }
  await writeAll(root, plan);
  if (!removing) return;
  await removeFolders(root, record?.folders ?? []);
  await removeRecord(place.store, root);
}

/** All of them or none: a client that has the server and no guard goes unguarded without a word. */
async function writeAll(root: string, plan: readonly Change[]): Promise<void> {
  const written: Change[] = [];
  try {
    for (const change of plan) {
      await writeProjectFile(root, change);
      written.push(change);
    }
  } catch (cause) {
    for (const { name, before, after } of written)
      await writeProjectFile(root, { name, before: after, after: before }).catch(() => undefined);
    throw cause;
  }
}

function remarksOn({ args }: Launch): readonly string[] {
  const program = args.at(-1) ?? "";
  if (!/[\\/]_npx[\\/]/.test(program)) return [];
  return [`${program} is in the cache of npx, which is cleared now and then: install signalbox, and run \`signalbox init\` from there`];
}
