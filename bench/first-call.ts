/** How long the first call takes when nothing runs yet, and what that is made of. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning } from "../smoke/support/processes.ts";
import { readDiscovered, storeFolder } from "../smoke/support/sidecar.ts";
import { eventually } from "../smoke/support/wait.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { compare, median, oneByOne } from "./method.ts";
import { type Place, timeFirstCall, timeNothing } from "./support/bridge-start.ts";

/** Calls of one block: each ends a sidecar and starts one. */
const CALLS = 3;

/** What happens one after the other, in milliseconds. */
interface Parts {
  /** Until the bridge has answered `initialize`. */
  readonly bridge: number;
  /** Until it has loaded its tools, asked git where it is, and started a sidecar. */
  readonly search: number;
  /** Until that listens. */
  readonly sidecar: number;
  /** Until it was found, joined and asked. */
  readonly join: number;
}

async function callOnce(bench: Bench, place: Place): Promise<{ readonly tookMs: number; readonly parts: Parts | undefined }> {
  const { initializedMs, answeredMs, spawnedAtMs } = await timeFirstCall(place, "who_is_working");
  const folder = await storeFolder(bench.scratch, place.cwd);
  const sidecar = await readDiscovered(folder);
  mustBe(sidecar !== undefined, "the call has left no sidecar");
  const startedMs = await startedAt(sidecar.pid);
  const upMs = await upAt(join(folder, "sidecar.log"), sidecar.pid);
  process.kill(sidecar.pid, "SIGTERM");
  await eventually("the end of the sidecar", async () => ((await isRunning(sidecar.pid)) ? undefined : true));
  if (startedMs === undefined) return { tookMs: answeredMs, parts: undefined };
  const spawn = startedMs - spawnedAtMs;
  const up = upMs - spawnedAtMs;
  return {
    tookMs: answeredMs,
    parts: { bridge: initializedMs, search: spawn - initializedMs, sidecar: up - spawn, join: answeredMs - up },
  };
}

/** When a process began, in milliseconds since 1970 and to some ten of them; undefined where the system does not tell. */
async function startedAt(pid: number): Promise<number | undefined> {
  const [stat, uptime] = await Promise.all(
    [`/proc/${pid}/stat`, "/proc/uptime"].map((path) => readFile(path, "utf8").catch(() => undefined)),
  );
  if (stat === undefined || uptime === undefined) return undefined;
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Date.now() - (Number(uptime.split(" ")[0]) * 1_000 - ticks * 10);
}

/** When it said that it is up. */
async function upAt(log: string, pid: number): Promise<number> {
  const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line.startsWith("{"));
  const up = lines
    .map((line) => JSON.parse(line) as { time: string; msg: string; pid?: number })
    .findLast((line) => line.msg === "sidecar is up");
  mustBe(up?.pid === pid, "the sidecar's log does not say when it was up");
  return Date.parse(up.time);
}

async function measure(bench: Bench): Promise<Measured> {
  const place = { cwd: await bench.scratch.repository("first-call"), env: bench.env };
  const made: Parts[] = [];
  const sides = {
    limit: () => timeNothing(place),
    async candidate() {
      const { tookMs, parts } = await callOnce(bench, place);
      if (parts !== undefined) made.push(parts);
      return tookMs;
    },
  };
  const comparison = await compare(oneByOne(sides, CALLS), bench.blocks);
  const part = (name: keyof Parts): string => `${median(made.map((parts) => parts[name])).toFixed(0)} ms`;
  const notes =
    made.length === 0
      ? []
      : [
          `${part("bridge")} until the bridge answers, ${part("search")} loading, git and looking for a sidecar, ` +
            `${part("sidecar")} until the one it starts is up, ${part("join")} finding and joining it and the answer`,
        ];
  return { kind: "comparison", unit: "ms", comparison, notes };
}

export const firstCall: Measurement = {
  name: "first-call",
  what: "first tool call with no sidecar running: spawn to the answer of `who_is_working`",
  against: "`node -e 0`",
  measure,
};
