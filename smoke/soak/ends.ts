/**
 * How sidecars end: the one that `signalbox stop` names and no other, and one by itself that nobody uses. Whatever its
 * clients were told before is known to the next one, which the next call starts.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type Bridge, impurities, startBridge } from "../support/bridge.ts";
import type { Chance } from "../support/chance.ts";
import type { Members } from "../support/mpac-client.ts";
import { isRunning, type Program, startNode } from "../support/processes.ts";
import { launcher } from "../support/program.ts";
import { type Scratch, scratchFolder } from "../support/scratch.ts";
import { awaitSidecar, sidecarsUnder, startSidecarOf } from "../support/sidecar.ts";
import { eventually, within } from "../support/wait.ts";
import { apart, type Own, type Rounds } from "./campaign.ts";

/** Bridges of the repository whose sidecar is stopped, in the middle of their calls. */
const BRIDGES = 4;

/** Minutes without a client after which a sidecar ends, at its next look: it looks every ten seconds from its start on. */
const IDLE_MINUTES = 0.02;
const LOOK_MS = 10_000;
/** Beyond that the machine is busy. */
const PATIENCE_MS = 30_000;

/** Milliseconds around the moment in which it ends. */
const AROUND_MS = 1_500;

/** When somebody comes to a sidecar that nobody uses. */
const VISITS = ["after its end", "about at its end", "before, and stays over it"] as const;
type Visit = (typeof VISITS)[number];

export const startStops = (draw: Chance): Promise<Rounds> => apart((own) => stopOne(own, draw));

/** The first round is short: nobody stays. */
export function startIdleEnds(draw: Chance): Promise<Rounds> {
  let round = 0;
  return apart((own) => endByItself(own, draw, (round += 1) === 1 ? VISITS.slice(0, 2) : VISITS));
}

/** Stops one of two sidecars while its bridges call, from two places at once. */
async function stopOne(own: Own, draw: Chance): Promise<string> {
  const scratch = own(await scratchFolder());
  const [one, other] = [await scratch.repository("one"), await scratch.repository("other")];
  const bystander = own(startBridge(scratch, other));
  const kept = await begin(bystander, "stays");
  const bridges = Array.from({ length: BRIDGES }, () => own(startBridge(scratch, one)));
  const tasks = await Promise.all(bridges.map((bridge, index) => begin(bridge, `task ${index}`)));
  const [stopped, left] = [await awaitSidecar(scratch, one), await awaitSidecar(scratch, other)];

  const calls = Promise.all(bridges.map((bridge, index) => begin(bridge, `more ${index}`)));
  await pause(draw.below(100));
  const said = await Promise.all([1, 2].map(() => stop(own, scratch, one)));
  const begun = await calls;

  assert.match(said.join("\n"), new RegExp(`Stopped process ${stopped.pid}, the sidecar of ${one}\\.`));
  assert.equal(await isRunning(stopped.pid), false, "the stopped sidecar runs");
  const now = await Promise.all(bridges.map((bridge) => intentsOf(bridge)));
  const known = [...tasks, ...begun].toSorted();
  for (const intents of now) assert.deepEqual(intents, known, "the tasks that the next sidecar knows");
  const next = await awaitSidecar(scratch, one);
  assert.notEqual(next.pid, stopped.pid);
  assert.equal((await awaitSidecar(scratch, other)).pid, left.pid, "the sidecar of the other repository");
  assert.deepEqual(await intentsOf(bystander), [kept]);
  assert.deepEqual(await pidsOf(scratch), new Set([left.pid, next.pid]));
  assert.deepEqual(
    [bystander, ...bridges].flatMap(({ program }) => impurities(program)),
    [],
  );
  return `pid ${stopped.pid} stopped and ${next.pid} started after it, ${left.pid} stayed, ${known.length} tasks known`;
}

/** Sidecars that nobody uses end by themselves, one repository for each kind of visit. */
async function endByItself(own: Own, draw: Chance, visits: readonly Visit[]): Promise<string> {
  const scratch = own(await scratchFolder());
  const lives = await Promise.all(visits.map((visit) => liveAndEnd(own, scratch, visit, draw.below(2 * AROUND_MS) - AROUND_MS)));
  return lives.join("; ");
}

async function liveAndEnd(own: Own, scratch: Scratch, visit: Visit, offsetMs: number): Promise<string> {
  const repository = await scratch.repository(visit.replaceAll(/\W/g, "-"));
  const sidecar = own(await startSidecarOf(scratch, repository, { name: "signalbox", args: ["--idle-minutes", String(IDLE_MINUTES)] }));
  const upAtMs = performance.now();
  const bridge = startBridge(scratch, repository, { env: { MPAC_PRINCIPAL_ID: "ana" } });
  const task = await begin(bridge, "outlives its sidecar");
  if (visit === "before, and stays over it") await pause(LOOK_MS + IDLE_MINUTES * 60_000 - (performance.now() - upAtMs));
  assert.equal(await isRunning(sidecar.pid), true, "a sidecar with a client runs");
  bridge.program.kill("SIGKILL");
  await bridge.program.exited;

  if (visit === "about at its end") await pause(LOOK_MS + offsetMs - (performance.now() - upAtMs));
  else assert.deepEqual(await within("its end by itself", sidecar.program.exited, PATIENCE_MS), { code: 0, signal: null });
  const endedAfterMs = performance.now() - upAtMs;
  assert.deepEqual(await known(own, scratch, repository), [task], "the tasks that are known afterwards");
  const { pid } = await awaitSidecar(scratch, repository);
  if (visit === "about at its end") return pid === sidecar.pid ? "was joined in the last moment" : "had just ended";
  assert.notEqual(pid, sidecar.pid);
  return `ended ${(endedAfterMs / 1_000).toFixed(1)} s after its start`;
}

async function known(own: Own, scratch: Scratch, repository: string): Promise<string[]> {
  return intentsOf(own(startBridge(scratch, repository, { env: { MPAC_PRINCIPAL_ID: "ana" } })));
}

async function begin(bridge: Bridge, objective: string): Promise<string> {
  const task = await bridge.call("begin_task", { objective, files: [`src/${objective.replaceAll(" ", "-")}-${bridge.program.pid}.ts`] });
  assert.equal(task["status"], "ok", JSON.stringify(task));
  return String(task["intent_id"]);
}

async function intentsOf(bridge: Bridge): Promise<string[]> {
  const seen = await bridge.call("who_is_working", {});
  return ((seen["active_intents"] ?? []) as Members[]).map((intent) => String(intent["intent_id"])).toSorted();
}

async function stop(own: Own, scratch: Scratch, repository: string): Promise<string> {
  const program: Program = own(
    startNode([launcher("signalbox"), "stop", "--workspace", repository], { cwd: scratch.folder, env: scratch.env }),
  );
  const { code } = await program.exited;
  assert.equal(code, 0, program.stderr.all.join(" | "));
  return program.stdout.all.join("\n");
}

async function pidsOf(scratch: Scratch): Promise<Set<number>> {
  return eventually("two sidecars", async () => {
    const running = await sidecarsUnder(scratch.folder);
    return running.length === 2 ? new Set(running.map(({ pid }) => pid)) : undefined;
  });
}
