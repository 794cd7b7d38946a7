/**
 * The proof that a denial blocks: a second participant holds a file that does not exist, and the hook that is configured
 * must deny its edit, in the form that Claude Code obeys, and keep silent about a file outside of the repository.
 *
 * The hook finds a bridge of this process as it finds that of its client, so the file is held by a stranger to it.
 * Nothing stays: the task is withdrawn, both leave, and a sidecar that was started for this is stopped.
 */
import { randomUUID } from "node:crypto";
import { join, parse } from "node:path";
import { findSidecar } from "../../bridge/find-sidecar.ts";
import { createSessionClient, type SessionClient } from "../../client/session-client.ts";
import { CONTROL } from "../../wire/versions.ts";
import { stopUnlessUsed } from "../doctor/mcp.ts";
import { CommandFault, told } from "../fault.ts";
import { startMcpHost } from "../mcp-host.ts";
import type { CommandPlace } from "../place.ts";
import { findRunning } from "../running.ts";
import { denialIn, type HookAnswer, runHook } from "./run-hook.ts";

export type Proof =
  | { readonly proved: true; readonly reason: string }
  | { readonly proved: false; readonly found: string; readonly todo: string };

export interface Canary {
  readonly place: CommandPlace;
  /** Top of the project. */
  readonly root: string;
  /** The hook's command line, as it stands in the settings. */
  readonly command: string;
}

/** Seconds that the file is held should nobody be left to let it go. */
const HELD_SEC = 60;

export async function proveGuard(canary: Canary): Promise<Proof> {
  const before = await findRunning(canary.place.store, process.env);
  try {
    return await withBridge(canary, () => holding(canary));
  } catch (cause) {
    return unproved(told(cause).sentence, "`signalbox doctor` says what is missing");
  } finally {
    if (before.kind !== "running") await stopUnlessUsed(canary.place);
  }
}

/** Whatever starts a sidecar for a client starts it here: the guard asks the repository's own, wherever the shell's clients work. */
async function withBridge(canary: Canary, prove: () => Promise<Proof>): Promise<Proof> {
  const { MPAC_AGENT_NAME: _name, MPAC_COORDINATOR_URL: _url, MPAC_COORDINATOR_TOKEN: _token, ...inherited } = process.env;
  const env = { ...inherited, MPAC_PRINCIPAL_ID: `init:${process.pid}` };
  await using host = await startMcpHost({ name: "signalbox-init", cwd: canary.root, env, args: ["--workspace", canary.root] });
  const here = await host.call("who_is_working");
  if (here.isError) throw new CommandFault("init/no-session", here.text.split("\n", 1)[0] ?? "the bridge joins no session");
  return prove();
}

async function holding(canary: Canary): Promise<Proof> {
  await using holder = createSessionClient({
    principalId: `canary:${process.pid}`,
    locate: () => findSidecar(canary.place.store, process.env),
    control: CONTROL,
  });
  const name = `.signalbox-canary-${randomUUID().slice(0, 8)}`;
  await hold(holder, name);
  const ask = (path: string) => runHook({ command: canary.command, root: canary.root, path });
  return judge(await ask(join(canary.root, name)), () => ask(join(parse(canary.root).root, name)));
}

/** @param outside - asks about a file that nobody can hold; only done when the other edit was denied */
export async function judge(held: HookAnswer, outside: () => Promise<HookAnswer>): Promise<Proof> {
  const reason = denialIn(held);
  if (reason === undefined) return unproved(`an edit of a file that another agent holds was not denied (${inShort(held)})`, SEE);
  if (held.stderr !== "") return unproved(`the hook denied without having asked the sidecar (${held.stderr.trim()})`, SEE);
  const free = await outside();
  if (free.code === 0 && free.stdout === "" && free.stderr === "") return { proved: true, reason };
  return unproved(`an edit outside of the repository was not let through in silence (${inShort(free)})`, SEE);
}

const SEE = "run `signalbox doctor`; when it names nothing, `signalbox stop` lets the next sidecar be of this release";

async function hold(holder: SessionClient, name: string): Promise<void> {
  const scope = { kind: "file_set", resources: [name] };
  const objective = "canary: whether the guard of a coding client blocks";
  const sent = await holder.send("INTENT_ANNOUNCE", { intent_id: randomUUID(), objective, scope, ttl_sec: HELD_SEC });
  if (!sent.ok) throw new CommandFault(sent.rejection.code, `the canary cannot be announced: ${sent.rejection.message}`);
}

function unproved(found: string, todo: string): Proof {
  return { proved: false, found, todo };
}

/** What a hook did, on one line. */
function inShort({ code, stdout, stderr }: HookAnswer): string {
  const said = `${stdout} ${stderr}`.replaceAll(/\s+/g, " ").trim().slice(0, 300);
  const ended = code === null ? "it was ended after 5 s" : `exit code ${code}`;
  return said === "" ? `${ended}, and it said nothing` : `${ended}, and it said: ${said}`;
}
