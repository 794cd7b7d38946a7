/** A bridge as its host starts it: a process of its own, spoken to in raw JSON-RPC. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Scratch } from "../git/scratch.test.fixture.ts";

export type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { code: number; message: string };
};

const SOURCE = `import { run } from ${JSON.stringify(new URL("main.ts", import.meta.url).href)}; await run(process.argv.slice(1));`;
export const argumentsFor = (args: readonly string[]) => ["--import", "tsx", "--input-type=module", "-e", SOURCE, "--", ...args];
export const ROOT = join(import.meta.dirname, "../..");

export interface HostedBridge extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Sends a request, or with no id a notification, without waiting. */
  say(method: string, params: object, id?: number): void;
  /** The answer to the request with this id. */
  answer(id: number): Promise<Message>;
  ask(method: string, params?: object): Promise<Message>;
  /** Sends a line as it is, and waits for the next one that answers no request alone. */
  tell(line: string): Promise<unknown>;
  /** What a request of the bridge is answered with; by default it gets no answer. */
  onRequest: ((request: Message) => object | undefined) | undefined;
  /** The next notification of this method. */
  next(method: string): Promise<Message>;
  /** Everything on stderr, and how it ended. */
  end(): Promise<{ code: number | null; stderr: string; unread: readonly string[] }>;
}

export function bridge(scratch: Scratch, args: readonly string[], env: NodeJS.ProcessEnv = {}): HostedBridge {
  const child = spawn(process.execPath, argumentsFor(args), { cwd: ROOT, env: { ...scratch.env, MPAC_PRINCIPAL_ID: "ana", ...env } });
  const exited = once(child, "close");
  const answers = new Map<number, (message: Message) => void>();
  const early = new Map<number, Message>();
  const notified = new Map<string, (message: Message) => void>();
  const told: ((message: unknown) => void)[] = [];
  const strays: string[] = [];
  let stderr = "";
  let asked = 100;
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on("error", () => undefined);
  createInterface(child.stdout).on("line", (line) => {
    const message = JSON.parse(line) as Message;
    const { id, method } = message;
    if (method !== undefined && id !== undefined && self.onRequest !== undefined) {
      const result = self.onRequest(message);
      if (result !== undefined) child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
    } else if (method !== undefined && notified.has(method)) {
      notified.get(method)?.(message);
      notified.delete(method);
    } else if (typeof message.id !== "number") (told.shift() ?? ((stray) => strays.push(JSON.stringify(stray))))(message);
    else if (answers.has(message.id)) answers.get(message.id)?.(message);
    else early.set(message.id, message);
  });
  const self: HostedBridge = {
    process: child,
    say(method, params, id) {
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", method, params, ...(id === undefined ? {} : { id }) })}\n`);
    },
    answer: (id) => new Promise((resolve) => (early.has(id) ? resolve(early.get(id) as Message) : answers.set(id, resolve))),
    ask(method, params = {}) {
      const id = (asked += 1);
      self.say(method, params, id);
      return self.answer(id);
    },
    tell(line) {
      child.stdin.write(`${line}\n`);
      return new Promise((resolve) => told.push(resolve));
    },
    onRequest: undefined,
    next: (method) => new Promise((resolve) => notified.set(method, resolve)),
    async end() {
      child.stdin.end();
      const [code] = (await exited) as [number | null];
      return { code, stderr, unread: [...strays, ...[...early.values()].map((message) => JSON.stringify(message))] };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
  return self;
}

export const LEGACY = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "Codex", version: "1" } };
export const MODERN = {
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "Claude Code", version: "2" },
    "io.modelcontextprotocol/clientCapabilities": {},
  },
};
