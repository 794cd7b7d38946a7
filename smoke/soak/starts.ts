/**
 * Twenty bridges that start at once in one repository, whatever an earlier sidecar has left there, and that all lose their
 * sidecar at once: each time one comes up, and no other even for a moment.
 *
 * How many did is read in the log that they write, and how many processes are left is asked of the system.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bridge, impurities, principalsIn, startBridge } from "../support/bridge.ts";
import type { Chance } from "../support/chance.ts";
import { killOutright } from "../support/processes.ts";
import { type Scratch, scratchFolder } from "../support/scratch.ts";
import { awaitSidecar, sidecarsUnder, startSidecarOf, storeFolder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";
import type { Own, Rounds } from "./campaign.ts";

const BRIDGES = 20;

interface Place {
  readonly scratch: Scratch;
  readonly repository: string;
  /** Of its store. */
  readonly folder: string;
}

const DEAD_PID = 4_194_305; // above what Linux gives

/** What stands in the store's folder when they start. */
const BEFORE: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  "a new repository": () => Promise.resolve(),
  "a sidecar that was killed, with its discovery file": leaveKilled,
  "a discovery file that names a living process of another kind": async (place) => {
    await leaveKilled(place);
    const path = join(place.folder, "sidecar.json");
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), pid: process.pid }), { mode: 0o600 });
  },
  "a start lock of a process that has gone": (place) => leaveLock(place, { pid: DEAD_PID, at_ms: Date.now() }),
  "a start lock of long ago whose pid lives": (place) => leaveLock(place, { pid: process.pid, at_ms: Date.now() - 11_000 }),
  "a start lock of before the machine started": (place) => leaveLock(place, { pid: process.pid, at_ms: Date.now(), boot_id: "another" }),
  "a start lock that is no JSON": async (place) => {
    await leaveKilled(place);
    await writeFile(join(place.folder, "start.lock"), '{"pid":', { mode: 0o600 });
  },
};

async function leaveKilled({ scratch, repository }: Place): Promise<void> {
  const sidecar = await startSidecarOf(scratch, repository);
  await killOutright(sidecar.pid);
  await sidecar.program.exited;
}

async function leaveLock(place: Place, lock: { pid: number; at_ms: number; boot_id?: string }): Promise<void> {
  await leaveKilled(place);
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  await writeFile(join(place.folder, "start.lock"), JSON.stringify({ boot_id: boot, nonce: "left", ...lock }), { mode: 0o600 });
}

/** @param bridges - that start at once */
export function startStarts(draw: Chance, bridges = BRIDGES): Promise<Rounds> {
  const states = Object.keys(BEFORE);
  let rounds = 0;
  let inVain = 0;
  return Promise.resolve({
    async round(own) {
      // Every other round is the plain one.
      const state = rounds % 2 === 0 ? states[0] : states[1 + (Math.floor(rounds / 2) % (states.length - 1))];
      rounds += 1;
      const more = await startAtOnce(own, { state: state as string, bridges, killAfterMs: draw.below(200) });
      inVain += more;
      return `${state}: one sidecar, one after it was killed, and ${more} that ended by themselves`;
    },
    finish: () =>
      Promise.resolve(
        `${rounds} times ${bridges} bridges, ${2 * rounds} sidecars up, each alone; ${inVain} more were started and ended by themselves`,
      ),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

interface Round {
  readonly state: string;
  readonly bridges: number;
  /** Milliseconds that the calls are under way when their sidecar is killed. */
  readonly killAfterMs: number;
}

/** Gives how many sidecars were started in vain. @throws AssertionError when more than one came up, or a bridge was not served */
async function startAtOnce(own: Own, { state, bridges: count, killAfterMs }: Round): Promise<number> {
  const scratch = own(await scratchFolder());
  const repository = await scratch.repository("repository");
  const place = { scratch, repository, folder: await storeFolder(scratch, repository) };
  await BEFORE[state]?.(place);

  const bridges = Array.from({ length: count }, () => own(startBridge(scratch, repository)));
  const first = await servedByOne(place, bridges);

  const calls = bridges.map((bridge) => bridge.call("who_is_working", {}));
  await new Promise((resolve) => setTimeout(resolve, killAfterMs));
  await killOutright(first.pid);
  await Promise.all(calls);
  const second = await servedByOne(place, bridges);
  assert.notEqual(second.pid, first.pid);

  assert.deepEqual(
    bridges.flatMap(({ program }) => impurities(program)),
    [],
  );
  await Promise.all(bridges.map((bridge) => bridge[Symbol.asyncDispose]()));
  const log = await readFile(join(place.folder, "sidecar.log"), "utf8");
  const up = [...log.matchAll(/"pid":(\d+).*"sidecar is up"/g)].map(([, pid]) => Number(pid));
  assert.deepEqual(up, [first.pid, second.pid], "the sidecars that came up");
  return log.split("\n").filter((line) => line.startsWith("signalbox:")).length;
}

/** All of them are in one session at one address, and one process is left. */
async function servedByOne({ scratch, repository }: Place, bridges: readonly Bridge[]): Promise<{ readonly pid: number }> {
  // A bridge that has not yet heard of its sidecar's end still names the address of that one.
  await eventually("one address for all bridges", async () => {
    const answers = await Promise.all(bridges.map((bridge) => bridge.call("who_is_working", {})));
    return new Set(answers.map((answer) => answer["sidecar_uri"])).size === 1 ? true : undefined;
  });
  const principals = await eventually(`${bridges.length} participants`, async () => {
    const names = principalsIn((await bridges[0]?.call("who_is_working", {})) ?? {});
    return names.length === bridges.length ? names : undefined;
  });
  assert.equal(new Set(principals).size, bridges.length, "names of the bridges");
  const sidecar = await awaitSidecar(scratch, repository);
  await eventually("the end of the other sidecars", async () => ((await sidecarsUnder(scratch.folder)).length <= 1 ? true : undefined));
  assert.deepEqual(
    (await sidecarsUnder(scratch.folder)).map(({ pid }) => pid),
    [sidecar.pid],
  );
  return sidecar;
}
