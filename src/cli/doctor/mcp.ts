/**
 * The program tried as a coding client uses it: `doctor` starts a bridge, lists its tools and asks who is working.
 *
 * It joins under a name of its own, never the user's: leaving would withdraw that one's tasks. A sidecar that was started
 * for it is stopped again, unless somebody else has joined meanwhile.
 */
import { setTimeout as pause } from "node:timers/promises";
import { addressOf } from "../board-bus.ts";
import { busFacts, busLine } from "../bus-facts.ts";
import { fail, ok, type Row } from "./row.ts";
import { told } from "../fault.ts";
import { startMcpHost } from "../mcp-host.ts";
import type { CommandPlace } from "../place.ts";
import { withProgress } from "../progress.ts";
import { findRunning, type Running } from "../running.ts";
import { stopSidecar } from "../stop-sidecar.ts";

/** Milliseconds until our own leaving shows: what a sidecar says of itself is up to a second old. */
const LEAVES_MS = 2_500;
const LOOK_MS = 100;

export async function checkMcp(place: CommandPlace, flag: string | undefined, before: Running): Promise<readonly Row[]> {
  const rows: Row[] = [];
  try {
    rows.push(await withProgress("starting a bridge as a coding client does", askBridge(flag)));
  } catch (cause) {
    rows.push(fail("mcp", told(cause).sentence, "see whether the launcher is where your client's settings say"));
  }
  const now = await findRunning(place.store, process.env);
  if (now.kind !== "running") return rows;
  rows.push(ok("durability", `what is acknowledged is ${now.sidecar.health.durability}`));
  const bus = await busFacts(addressOf(now.sidecar));
  if (bus !== undefined) rows.push(ok("bus", busLine(bus)));
  if (before.kind !== "running") await withProgress("stopping the sidecar that was started for this", stopUnlessUsed(place));
  return rows;
}

/** Ends a sidecar that was started for a trial, unless somebody else has joined it by now. */
export async function stopUnlessUsed({ store }: CommandPlace): Promise<void> {
  const givesUpAtMs = performance.now() + LEAVES_MS;
  for (;;) {
    const running = await findRunning(store, process.env);
    if (running.kind !== "running") return;
    if (running.sidecar.health.clients === 0) return stopSidecar(running.sidecar.health, running.discovery);
    if (performance.now() > givesUpAtMs) return; // somebody else works with it
    await pause(LOOK_MS);
  }
}

/** @throws CommandFault when the bridge gives no answer */
export async function askBridge(flag: string | undefined): Promise<Row> {
  const { MPAC_AGENT_NAME: _name, ...inherited } = process.env;
  const env = { ...inherited, MPAC_PRINCIPAL_ID: `doctor:${process.pid}` };
  const args = flag === undefined ? [] : ["--workspace", flag];
  await using host = await startMcpHost({ name: "signalbox-doctor", cwd: process.cwd(), env, args });
  const names = await host.toolNames();
  const answer = await host.call("who_is_working");
  const spoke = `protocol ${host.protocolVersion}, ${names.length} tools`;
  if (answer.isError) return fail("mcp", `${spoke}; who_is_working answers: ${answer.text.split("\n", 1)[0] ?? ""}`);
  const others = Number(answer.structured["participant_count"]) - 1;
  return ok("mcp", `${spoke}; who_is_working answers, ${others} ${others === 1 ? "other participant" : "other participants"}`);
}
