/**
 * `signalbox hook pre-tool-use`: what the guard does, in Node, for machines without curl or without a POSIX shell.
 *
 * Exit code 1 says that the edit was not guarded: it blocks nothing, and the client shows its user the line. Code 2, which a
 * client takes for a denial, is never used; a command line that cannot be read is one more reason why nobody could be asked.
 */
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { Command } from "commander";
import type { StoreOf } from "../bridge/find-sidecar.ts";
import { deriveIdentity } from "../git/identity.ts";
import { readStoreIdentity } from "../git/store-identity.ts";
import type { Discovery } from "../wire/discovery.ts";
import { EXIT } from "./exit-codes.ts";
import { told } from "./fault.ts";
import { placeOf } from "./place.ts";
import { findRunning } from "./running.ts";

const EVENT = "pre-tool-use";

/** Milliseconds that the sidecar has, as in the script. */
const LIMIT_MS = 2_000;

export function hookCommand(): Command {
  return new Command("hook")
    .usage(`${EVENT} [--workspace DIR] [--store FOLDER] [--strict] [--pid N]`)
    .argument("[arguments...]", `${EVENT}, then --workspace DIR or --store FOLDER, --strict, --pid N`)
    .allowUnknownOption()
    .addHelpText(
      "after",
      "\nReads the hook's JSON on stdin. Silent when the edit may go on, else the JSON that denies it. Exit code 1 when the edit is not guarded.",
    )
    .action((args: string[]) => answer(args, process.stdin));
}

async function answer(args: readonly string[], input: NodeJS.ReadableStream): Promise<void> {
  const { positionals, values } = parseArgs({
    args: [...args],
    strict: false,
    options: { store: { type: "string" }, workspace: { type: "string" }, pid: { type: "string" }, strict: { type: "boolean" } },
  });
  const asked = await buffer(input);
  try {
    if (positionals[0] !== EVENT) throw new Error(`the hook asks for ${positionals[0] ?? "nothing"}, and this release knows ${EVENT}`);
    const store = await storeOf(text(values.store), text(values.workspace));
    const decision = await decide(store, asked, text(values.pid) ?? String(process.ppid));
    if (decision !== undefined) process.stdout.write(`${decision.trimEnd()}\n`);
  } catch (cause) {
    unasked(told(cause).sentence, values.strict === true);
  }
}

async function storeOf(folder: string | undefined, workspace: string | undefined): Promise<StoreOf> {
  if (folder === undefined) return (await placeOf(workspace ?? (process.env["CLAUDE_PROJECT_DIR"] || undefined))).store;
  const identity = await readStoreIdentity(folder);
  if (identity === undefined) throw new Error("there is no store where the hook says; run `signalbox init` again");
  return { folder, identity, digest10: deriveIdentity(identity.workspace).digest10 };
}

/** The JSON that denies the edit, or undefined. @throws Error when the sidecar cannot be asked */
async function decide(store: StoreOf, asked: Buffer, pid: string): Promise<string | undefined> {
  const running = await findRunning(store, process.env);
  if (running.kind === "none") throw new Error("no sidecar runs for this repository");
  if (running.kind === "silent") throw new Error("what listens where the sidecar did does not answer");
  if (running.discovery === undefined) throw new Error("the sidecar's discovery file cannot be read");
  const { status, body } = await post(running.discovery, asked, pid);
  if (status === 204) return undefined;
  if (status === 200 && /^\{.*"hookSpecificOutput"/s.test(body)) return body;
  if (status === 200) throw new Error("the sidecar answered something else than a decision");
  if (status === 401) throw new Error("the sidecar does not take the token of its discovery file");
  if (status === 404) throw new Error("the sidecar that runs knows no guard; `signalbox stop` lets the next one be of this release");
  throw new Error(`the sidecar answered with status ${status}`);
}

function post({ host, port, token }: Discovery, asked: Buffer, pid: string): Promise<{ readonly status: number; readonly body: string }> {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": asked.length,
    "x-signalbox-pid": pid,
    "x-signalbox-host": "claude",
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const address = { host: host.replace(/^\[(.*)\]$/, "$1"), port, path: `/hook/${EVENT}`, method: "POST", agent: false, headers, signal };
    const fail = (cause: Error) => {
      const why = signal.aborted ? "has not answered within 2 seconds" : `was not reached (${cause.message})`;
      reject(new Error(`the sidecar ${why}`, { cause }));
    };
    const sent = request(address, (response) => {
      buffer(response).then((bytes) => resolve({ status: response.statusCode ?? 0, body: bytes.toString("utf8") }), fail);
    });
    sent.on("error", fail);
    sent.end(asked);
  });
}

function unasked(why: string, strict: boolean): void {
  process.stderr.write(`signalbox: ${why}; this edit is ${strict ? "denied, because the guard is strict" : "not guarded"}\n`);
  if (!strict) {
    process.exitCode = EXIT.failed;
    return;
  }
  const permissionDecisionReason = `Signalbox guards edits strictly here and could not be asked: ${why}. Ask the user to reconnect the signalbox MCP server in this client, or to run \`signalbox sidecar\` in the repository; then try the same edit again.`;
  const hookSpecificOutput = { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason };
  process.stdout.write(`${JSON.stringify({ hookSpecificOutput })}\n`);
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
