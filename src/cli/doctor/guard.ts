/**
 * What `doctor` says of Claude Code's files in this worktree: whether they start this installation, and whether the guard
 * before edits is there, blocks, and is really run by the client.
 *
 * The configured command is only tried when it is what `init` would write: files of a repository may come from anybody.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { authority } from "../../client/health.ts";
import { isObject } from "../../wire/json.ts";
import { fail, ok, type Row, warn } from "./row.ts";
import { told } from "../fault.ts";
import { type Guard, guardsIn, MCP_FILE, serverIn, SETTINGS_FILE, withServer } from "../init/claude-files.ts";
import { proveGuard } from "../init/canary.ts";
import { GUARD_SCRIPT, guardCommand } from "../init/guard-command.ts";
import { type JsonFile, readJson } from "../init/json-edit.ts";
import { readProjectFile } from "../init/project-files.ts";
import { serverFor } from "../init/wiring.ts";
import { ownLaunch } from "../launcher.ts";
import type { CommandPlace } from "../place.ts";
import { withProgress } from "../progress.ts";
import type { Running } from "../running.ts";

/** Files in which Claude Code looks for a project's hooks, ours first. */
const HOOK_FILES = [SETTINGS_FILE, ".claude/settings.json"];

const INIT = "`signalbox init` writes it";

/** Nothing where there is no worktree: no client works there. */
export async function checkClaude(place: CommandPlace, running: Running): Promise<readonly Row[]> {
  const { root } = place.workspace;
  if (root === undefined) return [];
  const config = await settled("mcp config", checkConfig(place, root));
  return [config.row, (await settled("guard", checkGuard(place, root, running, config.wired))).row];
}

interface Finding {
  readonly row: Row;
  readonly wired: boolean;
}

async function settled(check: string, finding: Promise<Finding>): Promise<Finding> {
  return finding.catch((cause: unknown) => ({ row: fail(check, told(cause).sentence), wired: false }));
}

async function checkConfig(place: CommandPlace, root: string): Promise<Finding> {
  const file = await fileAt(root, MCP_FILE);
  const server = file === undefined ? undefined : serverIn(file);
  if (file === undefined || server === undefined) {
    return { row: ok("mcp config", `${MCP_FILE} does not name signalbox; for Claude Code ${INIT}`), wired: false };
  }
  const paths = isObject(server) ? pathsOf(server) : [];
  const missing = await firstMissing(paths);
  if (missing !== undefined) return wired(fail("mcp config", `${MCP_FILE} starts ${missing}, which is not there`, INIT));
  if (withServer(file, serverFor(place, ownLaunch())) === file) return wired(ok("mcp config", `${MCP_FILE} starts this installation`));
  return wired(warn("mcp config", `${MCP_FILE} starts another program: ${paths.join(" ") || JSON.stringify(server)}`, INIT));
}

const wired = (row: Row): Finding => ({ row, wired: true });

async function checkGuard(place: CommandPlace, root: string, running: Running, serverIsWired: boolean): Promise<Finding> {
  const files = (await Promise.all(HOOK_FILES.map((name) => fileAt(root, name)))).filter((file) => file !== undefined);
  const guard = files.flatMap((file) => guardsIn(file))[0];
  if (guard === undefined) {
    const found = "no guard before edits is wired for Claude Code";
    return { row: serverIsWired ? warn("guard", found, INIT) : ok("guard", `${found}; ${INIT}`), wired: false };
  }
  const off = files.find(({ value }) => value["disableAllHooks"] === true);
  if (off !== undefined) return wired(warn("guard", `${off.name} switches all hooks off`, "take disableAllHooks out of it"));
  return wired((await flawOf(place, guard)) ?? (await tryGuard(place, root, running, guard)));
}

/** What is wrong with a guard before it is tried. */
async function flawOf({ store }: CommandPlace, { command, coversEdits }: Guard): Promise<Row | undefined> {
  if (![true, false].some((strict) => command === commandOf(store, strict))) {
    const [script = ""] = /(?<=^')[^']+|^[^\s']+/.exec(command) ?? [];
    if (isAbsolute(script) && (await firstMissing([script])) !== undefined) {
      return fail("guard", `the hook runs ${script}, which is not there`, INIT);
    }
    return warn("guard", `the hook is not the one of this installation, so it was not tried: ${command}`, INIT);
  }
  if (!(await isThere(GUARD_SCRIPT, constants.X_OK))) return fail("guard", `${GUARD_SCRIPT} may not be executed`, "install signalbox anew");
  return coversEdits ? undefined : warn("guard", "the hook does not run before each of Claude Code's edit tools", INIT);
}

function commandOf({ folder }: CommandPlace["store"], strict: boolean): string {
  return guardCommand({ store: folder, strict, launch: ownLaunch() });
}

async function tryGuard(place: CommandPlace, root: string, running: Running, { command }: Guard): Promise<Row> {
  const heard = await hooksHeard(running);
  const proof = await withProgress("trying whether the guard blocks", proveGuard({ place, root, command }));
  if (!proof.proved) return fail("guard", proof.found, proof.todo);
  const blocks = `${command === commandOf(place.store, true) ? "strict, and blocks" : "blocks"} an edit of a file that another agent holds`;
  if (heard === undefined) return ok("guard", `${blocks}; no sidecar says whether Claude Code has run it`);
  if (heard.count > 0) return ok("guard", `${blocks}; it has fired ${times(heard.count)}, last at ${heard.lastAt ?? "a time unknown"}`);
  const todo = "after an edit that should be 1: if it is not, start Claude Code anew here, and look at its /hooks";
  return warn("guard", `${blocks}; it has not fired since the sidecar started`, todo);
}

export interface Heard {
  readonly count: number;
  readonly lastAt: string | undefined;
}

/** Milliseconds for the question. */
const ASK_MS = 2_000;

/** How often hooks have reached the sidecar that runs, or undefined when nobody says. */
export async function hooksHeard(running: Running): Promise<Heard | undefined> {
  if (running.kind !== "running" || running.discovery === undefined) return undefined;
  const { host, port, token } = running.discovery;
  try {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`http://${authority(host, port)}/control/status`, { headers, signal: AbortSignal.timeout(ASK_MS) });
    const { hooks } = (await answer.json()) as { readonly hooks?: { readonly count?: unknown; readonly last_at?: unknown } };
    if (!answer.ok || typeof hooks?.count !== "number") return undefined;
    return { count: hooks.count, lastAt: typeof hooks.last_at === "string" ? hooks.last_at : undefined };
  } catch {
    return undefined;
  }
}

async function fileAt(root: string, name: string): Promise<JsonFile | undefined> {
  const text = await readProjectFile(root, name);
  return text === undefined ? undefined : readJson(name, text);
}

/** Command and arguments that are absolute paths. */
function pathsOf(server: Readonly<Record<string, unknown>>): readonly string[] {
  const words = [server["command"], ...(Array.isArray(server["args"]) ? (server["args"] as unknown[]) : [])];
  return words.filter((word) => typeof word === "string" && isAbsolute(word)) as string[];
}

async function firstMissing(paths: readonly string[]): Promise<string | undefined> {
  const there = await Promise.all(paths.map((path) => isThere(path, constants.F_OK)));
  return paths.find((_path, index) => there[index] !== true);
}

function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);
