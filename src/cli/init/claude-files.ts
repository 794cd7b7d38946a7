/**
 * What Claude Code reads in a project, and what of it is ours: the server in `.mcp.json`, the guard in
 * `.claude/settings.local.json`, which is the file for this machine alone.
 *
 * Everything else in these files is somebody else's and stays. So does what a person has added to our own entries: options
 * behind `mcp`, an environment, another time limit.
 */
import { isObject } from "../../wire/json.ts";
import { isGuardCommand } from "./guard-command.ts";
import { dropIn, type JsonFile, setIn } from "./json-edit.ts";

export const MCP_FILE = ".mcp.json";
export const SETTINGS_FILE = ".claude/settings.local.json";

/** The edit tools of Claude Code. */
const TOOLS = ["Edit", "Write", "MultiEdit", "NotebookEdit"];
/** Seconds that the client gives the guard; the guard gives the sidecar two. */
const LIMIT_SEC = 5;

const SERVER = ["mcpServers", "signalbox"] as const;
const EVENT = ["hooks", "PreToolUse"] as const;

/** How the bridge is started. */
export interface Server {
  readonly command: string;
  readonly args: readonly string[];
}

/** The entry of this program, as it stands. */
export function serverIn({ value }: JsonFile): unknown {
  const servers = value[SERVER[0]];
  return isObject(servers) ? servers[SERVER[1]] : undefined;
}

export function withServer(file: JsonFile, server: Server): JsonFile {
  const standing = serverIn(file);
  if (!isObject(standing) || typeof standing["command"] !== "string") return setIn(file, SERVER, { ...server });
  const own = optionsOf(standing["args"]);
  const args = own.length === 0 ? server.args : [...server.args.slice(0, server.args.lastIndexOf("mcp") + 1), ...own];
  const named = standing["command"] === server.command ? file : setIn(file, [...SERVER, "command"], server.command);
  return isSame(standing["args"], args) ? named : setIn(named, [...SERVER, "args"], args);
}

export function withoutServer(file: JsonFile): JsonFile {
  if (serverIn(file) === undefined) return file;
  return dropEmpty(dropIn(file, SERVER), [SERVER[0]]);
}

/** What a person has put behind `mcp`. */
function optionsOf(args: unknown): readonly string[] {
  const list = Array.isArray(args) ? args.filter((arg) => typeof arg === "string") : [];
  return list.includes("mcp") ? list.slice(list.indexOf("mcp") + 1) : [];
}

/** A guard as it stands in the file. */
export interface Guard {
  readonly command: string;
  /** Whether it is run before each of the client's edit tools. */
  readonly coversEdits: boolean;
  readonly group: number;
  readonly place: number;
}

/** Every guard of ours in the file, in order. */
export function guardsIn(file: JsonFile): readonly Guard[] {
  return groupsIn(file).flatMap((group, at) => {
    const coversEdits = isObject(group) && covers(group["matcher"]);
    return hooksIn(group).flatMap((hook, place) => {
      const command = isObject(hook) && hook["type"] === "command" ? hook["command"] : undefined;
      if (typeof command !== "string" || !isGuardCommand(command)) return [];
      return [{ command, coversEdits, group: at, place }];
    });
  });
}

export function withGuard(file: JsonFile, command: string): JsonFile {
  const guards = guardsIn(file);
  const kept = guards.find(({ coversEdits }) => coversEdits);
  const others = guards.filter((guard) => guard !== kept);
  if (kept === undefined) {
    const bare = dropGuards(file, others);
    const group = { matcher: TOOLS.join("|"), hooks: [{ type: "command", command, timeout: LIMIT_SEC }] };
    return setIn(bare, [...EVENT, groupsIn(bare).length], group);
  }
  const path = [...EVENT, kept.group, "hooks", kept.place, "command"] as const;
  return dropGuards(kept.command === command ? file : setIn(file, path, command), others);
}

export function withoutGuard(file: JsonFile): JsonFile {
  const guards = guardsIn(file);
  return guards.length === 0 ? file : dropEmpty(dropEmpty(dropGuards(file, guards), EVENT), [EVENT[0]]);
}

/** From the last to the first, so that places stay what they are. */
function dropGuards(file: JsonFile, guards: readonly Guard[]): JsonFile {
  return guards.toReversed().reduce((rest, { group, place }) => {
    const without = dropIn(rest, [...EVENT, group, "hooks", place]);
    return hooksIn(groupsIn(without)[group]).length === 0 ? dropIn(without, [...EVENT, group]) : without;
  }, file);
}

function groupsIn({ value }: JsonFile): readonly unknown[] {
  const hooks = value[EVENT[0]];
  const groups = isObject(hooks) ? hooks[EVENT[1]] : undefined;
  return Array.isArray(groups) ? groups : [];
}

function hooksIn(group: unknown): readonly unknown[] {
  return isObject(group) && Array.isArray(group["hooks"]) ? group["hooks"] : [];
}

/** Takes away what is at `path` when nothing is left in it. */
function dropEmpty(file: JsonFile, path: readonly [string, ...string[]]): JsonFile {
  const found = path.reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), file.value);
  const isEmpty = Array.isArray(found) ? found.length === 0 : isObject(found) && Object.keys(found).length === 0;
  return isEmpty ? dropIn(file, path) : file;
}

/** A matcher is a pattern over the tool's name; one that names each of them covers them, and so does one for all tools. */
function covers(matcher: unknown): boolean {
  if (matcher === undefined || matcher === "" || matcher === "*") return true;
  if (typeof matcher !== "string") return false;
  try {
    const pattern = new RegExp(`^(?:${matcher})$`);
    return TOOLS.every((tool) => pattern.test(tool));
  } catch {
    return false;
  }
}

function isSame(one: unknown, other: readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
