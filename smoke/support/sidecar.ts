/** A sidecar as a smoke meets it: started by its launcher or by a bridge, found by its files, asked by HTTP. */
import { createHash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { type LauncherName, launcher } from "./program.ts";
import { isRunning, killOutright, processesUnder, type Program, type Running, startNode } from "./processes.ts";
import type { Scratch } from "./scratch.ts";
import { eventually } from "./wait.ts";

/** What a sidecar leaves on disk for those who look for it. */
export interface Discovered {
  readonly store_id: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly token: string;
  readonly [member: string]: unknown;
}

export interface HealthAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The port that a workspace has by its path, worked out here once more: 38000 and the first 32 bits of a SHA-1. */
export function derivedPort(realPath: string): number {
  return 38_000 + (createHash("sha1").update(realPath, "utf8").digest().readUInt32BE(0) % 2_000);
}

/** The session of a workspace, by the rule of the original tools. */
export function derivedSession(realPath: string): string {
  const digest = createHash("sha1").update(realPath, "utf8").digest("hex").slice(0, 10);
  return `mpac-local-${basename(realPath).toLowerCase().replaceAll(" ", "-")}-${digest}`;
}

/** Whether nobody listens there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface HttpAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One HTTP request to this machine; undefined when nobody answers within two seconds. */
export function ask(
  port: number,
  path: string,
  { method = "GET", headers = {} }: HttpAsk = {},
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, timeout: 2_000, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", () => resolve(undefined));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}

export async function askHealth(port: number): Promise<HealthAnswer | undefined> {
  const answer = await ask(port, "/healthz");
  if (answer === undefined) return undefined;
  try {
    return { status: answer.status, body: JSON.parse(answer.text) as HealthAnswer["body"] };
  } catch {
    return undefined;
  }
}

/** The folder of a repository's store. */
export async function storeFolder(scratch: Scratch, workspace: string): Promise<string> {
  const common = await scratch.git(workspace, "rev-parse", "--path-format=absolute", "--git-common-dir");
  return join(await realpath(common), "signalbox");
}

export async function readDiscovered(folder: string): Promise<Discovered | undefined> {
  const text = await readFile(join(folder, "sidecar.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Discovered;
  } catch {
    return undefined;
  }
}

/** The sidecar that serves `workspace` now: its files name it, and it says so itself. */
export async function findSidecar(scratch: Scratch, workspace: string): Promise<(Discovered & { readonly uri: string }) | undefined> {
  const found = await readDiscovered(await storeFolder(scratch, workspace));
  if (found === undefined) return undefined;
  const health = await askHealth(found.port);
  const { store_id, pid, uri } = health?.body ?? {};
  return store_id === found.store_id && pid === found.pid ? { ...found, uri: String(uri) } : undefined;
}

export function awaitSidecar(scratch: Scratch, workspace: string): Promise<Discovered & { readonly uri: string }> {
  return eventually(`a sidecar of ${workspace}`, () => findSidecar(scratch, workspace));
}

export interface StartedSidecar extends Discovered, AsyncDisposable {
  readonly uri: string;
  readonly program: Program;
}

export interface StartOptions {
  readonly name?: LauncherName;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a sidecar of `workspace` as a child of this process. @throws Error with what it said when it ends instead */
export async function startSidecarOf(
  scratch: Scratch,
  workspace: string,
  { name = "mpac-mcp-sidecar", args = [], env = {} }: StartOptions = {},
): Promise<StartedSidecar> {
  const command = name === "signalbox" ? ["sidecar"] : [];
  const program = startNode([launcher(name), ...command, "--workspace", workspace, ...args], {
    cwd: scratch.folder,
    env: { ...scratch.env, ...env },
  });
  let ended = false;
  void program.exited.then(() => {
    ended = true;
  });
  const found = await eventually(`the sidecar of ${workspace}`, async () => {
    if (ended) throw new Error(`the sidecar ended: ${program.stderr.all.join(" | ")}`);
    const seen = await findSidecar(scratch, workspace);
    return seen?.pid === program.pid ? seen : undefined;
  }).catch(async (error: unknown) => {
    await program[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...found,
    program,
    async [Symbol.asyncDispose]() {
      program.kill("SIGTERM");
      await eventually("its end", async () => ((await isRunning(program.pid)) ? undefined : true), 5_000).catch(() =>
        killOutright(program.pid),
      );
      await program[Symbol.asyncDispose]();
    },
  };
}

/** Sidecars of this run's folder, by their command lines. */
export async function sidecarsUnder(folder: string): Promise<Running[]> {
  return (await processesUnder(folder)).filter(
    ({ args }) => args.includes("sidecar") || args.some((arg) => arg.endsWith("mpac-mcp-sidecar.js")),
  );
}
