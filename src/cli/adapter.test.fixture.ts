/** Adapters and brokers of the peer bus as processes of their own, from source. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Scratch } from "../git/scratch.test.fixture.ts";
import { eventually } from "./program.test.fixture.ts";

const ROOT = join(import.meta.dirname, "../..");

export const PEERS = {
  PEERBUS_TOKEN: "token",
  PEERBUS_TOKENS: "token",
  PEERBUS_HMAC_SECRET: "0123456789abcdef0123456789abcdef",
} as const;

type Members = Readonly<Record<string, unknown>>;

export interface Seated extends AsyncDisposable {
  /** The next message on its stdout that no test has taken yet. @throws Error when it ends without one */
  next(): Promise<Members>;
  /** The members of a tool's result. @throws Error when it is refused */
  call(name: string, args?: object): Promise<Members>;
  /** Writes on its stdin. */
  write(text: string): void;
  /** Closes its stdin. @returns the exit code */
  end(): Promise<number | null>;
  kill(): Promise<void>;
  /** Every message so far. */
  readonly heard: readonly Members[];
}

function run(scratch: Scratch, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ["--import", "tsx", "bin/signalbox.ts", ...args], {
    cwd: ROOT,
    env: { ...scratch.env, ...PEERS, ...env },
  });
}

/** Disposing closes its stdin and waits for its end. */
export function seat(scratch: Scratch, mode: "generic" | "cc", url: string, name: string): Seated {
  const child = run(scratch, ["adapter", `--adapter=${mode}`], { PEERBUS_URL: url, PEERBUS_NAME: name });
  const heard: Members[] = [];
  let [unfinished, said] = ["", ""];
  let given = 0;
  let ended = false;
  let wake: () => void = () => undefined;
  const exited = once(child, "close").then(([code]) => {
    ended = true;
    wake();
    return code as number | null;
  });
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on("error", () => undefined); // it was killed
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (unfinished + chunk).split("\n");
    unfinished = parts.pop() ?? "";
    heard.push(...parts.map((line) => JSON.parse(line) as Members));
    wake();
  });
  async function next(): Promise<Members> {
    while (heard.length <= given) {
      if (ended) throw new Error(`the adapter of ${name} has ended: ${said}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return heard[given++] ?? {};
  }
  const seated: Seated = {
    heard,
    next,
    async call(tool, args = {}) {
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } })}\n`);
      const { result } = (await next()) as { readonly result?: Members };
      const structured = result?.["structuredContent"];
      if (structured === undefined) throw new Error(`${tool} was refused: ${JSON.stringify(heard.at(-1))}`);
      return structured as Members;
    },
    write: (text) => void child.stdin.write(text),
    end() {
      child.stdin.end();
      return exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
  return seated;
}

export interface BrokerProcess extends AsyncDisposable {
  readonly url: string;
  /** Ends it without a word, and starts another one on the same log. */
  killAndRestart(): Promise<void>;
}

/** A broker on a free port, its log in the scratch folder. */
export async function brokerProcess(scratch: Scratch): Promise<BrokerProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  const start = async (): Promise<ChildProcessWithoutNullStreams> => {
    const child = run(scratch, ["broker", "--log-level", "silent"], {
      PEERBUS_LISTEN: address,
      PEERBUS_DB: join(scratch.folder, "peers.db"),
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.end();
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`the broker ended: ${said}`);
      return said.includes(address) ? true : undefined;
    });
    return child;
  };
  let child = await start();
  async function kill(): Promise<void> {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  return {
    url: `ws://${address}`,
    async killAndRestart() {
      await kill();
      child = await start();
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** A port that was free a moment ago: a broker that comes back has to come back to the same one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
