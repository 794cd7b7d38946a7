/** `signalbox` as a process of its own, from source, in the surroundings of a scratch folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findPlace, type Sidecar, startSidecar } from "../app/sidecar.ts";
import { readSidecarConfig } from "../config.ts";
import { bootId } from "../git/boot-id.ts";
import { newToken } from "../git/discovery-file.ts";
import type { Scratch } from "../git/scratch.test.fixture.ts";
import { locateStore, type StoreFolder } from "../git/store-folder.ts";
import { createLog } from "../log.ts";
import type { Discovery } from "../wire/discovery.ts";
import type { Health } from "../wire/health.ts";
import { CONTROL } from "../wire/versions.ts";
import { findRunning } from "./running.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Launched extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has said on stdout by now. */
  stdout(): string;
  /** Closes our end of its stdout. */
  stopReading(): void;
  kill(signal: NodeJS.Signals): void;
}

/** Disposing kills it when it is still there. */
export function start(scratch: Scratch, name: string, args: readonly string[]): Launched {
  const child = spawn(process.execPath, ["--import", "tsx", `bin/${name}.ts`, ...args], { cwd: ROOT, env: scratch.env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end();
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    ended,
    stdout: () => stdout,
    stopReading: () => void child.stdout.destroy(),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs it to its end. */
export async function signalbox(scratch: Scratch, ...args: string[]): Promise<Ended> {
  await using launched = start(scratch, "signalbox", args);
  return await launched.ended; // before it is disposed of
}

export async function storeOf(scratch: Scratch, repo: string): Promise<StoreFolder> {
  return locateStore(await scratch.find(repo), { env: scratch.env });
}

/** The sidecar of a repository, as it says itself. */
export async function healthOf(scratch: Scratch, repo: string): Promise<Health | undefined> {
  const running = await findRunning(await storeOf(scratch, repo), scratch.env);
  return running.kind === "running" ? running.sidecar.health : undefined;
}

/** What a sidecar leaves on the disk: this process by default, of this start of the machine. */
export async function discoveryOf(
  { identity }: StoreFolder,
  port: number,
  more: Partial<Pick<Discovery, "pid" | "boot_id">> = {},
): Promise<Discovery> {
  return {
    store_id: identity.store_id,
    host: "127.0.0.1",
    port,
    pid: process.pid,
    boot_id: await bootId(),
    version: "0.0.1",
    control: CONTROL,
    token: newToken(),
    started_at: new Date().toISOString(),
    workspace: identity.workspace,
    ...more,
  };
}

export interface Stranger extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens. It takes connections and says nothing. */
  readonly port: number;
}

/** A process that is no sidecar and listens. Disposing kills it. */
export async function strangerProcess(): Promise<Stranger> {
  const script = 'const s = require("node:net").createServer(() => {}).listen(0, "127.0.0.1", () => console.log(s.address().port))';
  const child = spawn(process.execPath, ["-e", script, "signalbox", "sidecar"], { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return {
    pid: child.pid ?? 0,
    port: Number(port.toString()),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A sidecar process that answers. Disposing kills it. */
export async function startedSidecar(scratch: Scratch, repo: string, ...args: string[]): Promise<Launched> {
  const sidecar = start(scratch, "signalbox", ["sidecar", "--workspace", repo, ...args]);
  let over: Ended | undefined;
  void sidecar.ended.then((ended) => (over = ended));
  await eventually(async () => {
    if (over !== undefined) throw new Error(`the sidecar ended with ${over.code}: ${over.stderr}`);
    return (await healthOf(scratch, repo))?.pid === sidecar.pid ? true : undefined;
  });
  return sidecar;
}

/** A sidecar in the test's own process. */
export async function sidecarHere(repo: string, flags: { readonly sessionId?: string } = {}): Promise<Sidecar> {
  const config = readSidecarConfig({ workspace: repo, ...flags }, {});
  return startSidecar(config, await findPlace(config, repo), createLog("silent"));
}

/** Looks until there is something to see. The test's own time limit ends a wait for nothing. */
export async function eventually<Found>(look: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
}

/** Ids of other processes whose command line names something in `folder`, where the system lists them. */
export async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc").catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((_pid, index) => lines[index]?.includes(folder));
}
