/**
 * One round of killing a process that writes a log, and looking at what it left.
 *
 * SIGKILL leaves the page cache, so a round shows what a dead process can do to a log, not what a power cut can.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import { checkedChain } from "./hash-chain.contract.ts";
import { openSqliteStore } from "./sqlite.ts";

/** So many that what they append in one turn is synced beside the thread as well as in it. */
const STREAMS = ["ana/session", "bo/session", "cy/session", "dee/session", "eve/session"] as StreamId[];

export interface KillRound {
  /** Appends that were acknowledged before the process died. */
  readonly acknowledged: number;
  /** Records found in all streams, earlier rounds on the same log included. */
  readonly found: number;
}

/**
 * Starts a writer on the log at `path`, kills it after `appends` acknowledgements, opens the log and checks every chain.
 * Rounds on one path go on where the last one left off.
 *
 * @throws Error when an acknowledged record is missing or a chain is broken
 */
export async function killRound(path: string, appends: number): Promise<KillRound> {
  const { acknowledged, heads } = await writeUntilKilled(path, appends);
  await using store = await openSqliteStore({ path });
  let found = 0;
  for (const stream of STREAMS) {
    const { head } = await checkedChain(store.read(stream, 0));
    const due = heads.get(stream) ?? 0;
    if (head < due) throw new Error(`stream ${stream} was acknowledged up to revision ${due} and ends at ${head}`);
    found += head;
  }
  return { acknowledged, found };
}

async function writeUntilKilled(path: string, appends: number): Promise<{ acknowledged: number; heads: Map<string, Revision> }> {
  const heads = new Map<string, Revision>();
  let acknowledged = 0;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const writer = fileURLToPath(new URL("kill-writer.contract.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", tsx, writer, path, ...STREAMS], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    const [stream = "", revision] = line.split(" ");
    heads.set(stream, Number(revision));
    acknowledged += 1;
    if (acknowledged === appends) child.kill("SIGKILL"); // what it says until it is dead counts too
  }
  const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself with code ${code} after ${acknowledged} appends`);
  return { acknowledged, heads };
}
