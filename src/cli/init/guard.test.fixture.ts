/** A sidecar as the guard sees it: a discovery file, and a port behind which somebody answers what a test says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { join } from "node:path";
import { bootId } from "../../git/boot-id.ts";
import { newToken, publishDiscovery } from "../../git/discovery-file.ts";
import type { Scratch } from "../../git/scratch.test.fixture.ts";
import { locateStore, type StoreFolder } from "../../git/store-folder.ts";
import type { Discovery } from "../../wire/discovery.ts";
import { guardCommand } from "./guard-command.ts";
import type { HookAnswer } from "./run-hook.ts";

const ROOT = join(import.meta.dirname, "../../..");

export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Wire extends AsyncDisposable {
  readonly store: StoreFolder;
  readonly token: string;
  readonly port: number;
  /** Hooks that came, in order. */
  readonly asked: readonly Asked[];
  /** What is answered from now on; `silence` for nothing at all. */
  reply: { readonly status: number; readonly body?: string } | "silence";
  /** Stops listening; the discovery file stays. */
  hangUp(): Promise<void>;
}

/** @param over - what its discovery file says otherwise than is so */
export async function wire(scratch: Scratch, repo: string, over: Partial<Discovery> = {}): Promise<Wire> {
  const store = await locateStore(await scratch.find(repo), { env: scratch.env });
  const token = newToken();
  const asked: Asked[] = [];
  const self = { reply: { status: 204 } as Wire["reply"] };
  const boot = await bootId();
  const { store_id, session_id } = store.identity;
  let port = 0;
  const health = () => ({ status: "ok", store_id, workspace: repo, session_id, version: "0", control: 1, format: 1, pid: process.pid });
  const server: Server = createServer((request, response) => {
    if (request.url === "/healthz") {
      const more = { boot_id: boot, uri: `ws://127.0.0.1:${port}/`, clients: 0, durability: "none" };
      return void response.end(JSON.stringify({ ...health(), ...more }));
    }
    void buffer(request).then((body) => {
      asked.push({ method: request.method, path: request.url, headers: request.headers, body });
      if (self.reply !== "silence") response.writeHead(self.reply.status).end(self.reply.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
  const discovery = {
    store_id,
    host: "127.0.0.1",
    port,
    pid: process.pid,
    boot_id: boot,
    version: "0",
    control: 1,
    token,
    started_at: new Date().toISOString(),
    workspace: repo,
    ...over,
  };
  await publishDiscovery(store, discovery, scratch.env);
  async function hangUp(): Promise<void> {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return Object.assign(self, { store, token, port, asked, hangUp, [Symbol.asyncDispose]: hangUp });
}

/** How the guard is run: the script with curl, or what stands in for it. */
export type Way = "curl" | "node";

/** This program from source. */
const LAUNCH = { command: process.execPath, args: ["--import", import.meta.resolve("tsx"), join(ROOT, "bin/signalbox.ts")] };

export interface Run {
  readonly store: string;
  readonly strict?: boolean;
  readonly body?: string | Buffer;
  readonly env: NodeJS.ProcessEnv;
  /** A shell that runs the script instead of its own. */
  readonly shell?: string;
}

/** Runs the guard as a client does, by a shell, with the question on stdin. Without curl on the PATH it takes the other way. */
export async function guard(way: Way, { store, strict = false, body = "{}", env, shell = "" }: Run): Promise<HookAnswer & { pid: number }> {
  const line = `${shell} ${guardCommand({ store, strict, launch: LAUNCH })}`;
  const child = spawn("/bin/sh", ["-c", line], { env: way === "curl" ? env : { ...env, PATH: await withoutCurl(env) } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  let broken: Error | undefined; // a guard that ends without having read everything looks like a crash to a client
  child.stdin.on("error", (cause) => (broken = cause));
  child.stdin.end(body);
  const [code] = (await once(child, "close")) as [number | null];
  if (broken !== undefined) throw broken;
  return { code, stdout, stderr, pid: child.pid ?? 0 };
}

/** A PATH on which there is nothing but what the script takes on every machine. */
async function withoutCurl({ HOME = "" }: NodeJS.ProcessEnv): Promise<string> {
  const folder = join(HOME, "bin");
  await mkdir(folder, { recursive: true });
  await symlink("/bin/cat", join(folder, "cat")).catch(() => undefined);
  return folder;
}
