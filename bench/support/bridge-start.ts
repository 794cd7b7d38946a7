/** A bridge from its spawn to its answers, and a Node that does nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { launcher } from "../../smoke/support/program.ts";
import { within } from "../../smoke/support/wait.ts";
import { WrongResult } from "../measurement.ts";

export interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly tools?: readonly unknown[] } & Readonly<Record<string, unknown>>;
}

const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;

const INITIALIZE = line({
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1.0.0" } },
});
const INITIALIZED = line({ method: "notifications/initialized" });
const LIST = line({ id: 2, method: "tools/list" });

/** Milliseconds until a Node that does nothing has ended. */
export async function timeNothing({ cwd, env }: Place): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, ["-e", "0"], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
  await once(child, "exit");
  return performance.now() - began;
}

/** Milliseconds until the list of tools has come. The bridge is killed then, before it goes on to anything else. */
export async function timeBridge(place: Place): Promise<number> {
  const began = performance.now();
  await using bridge = spawnBridge(place);
  bridge.write(INITIALIZE + INITIALIZED + LIST);
  const { result } = await bridge.answer(2);
  const took = performance.now() - began;
  if ((result?.tools?.length ?? 0) === 0) throw new WrongResult("the bridge lists no tools");
  return took;
}

export interface FirstCall {
  /** Milliseconds from the spawn until `initialize` was answered. */
  readonly initializedMs: number;
  /** Milliseconds from the spawn until the call was. */
  readonly answeredMs: number;
  /** The bridge's own clock at the spawn, in milliseconds since 1970. */
  readonly spawnedAtMs: number;
}

/** The first call of a tool, as a coding client makes it. */
export async function timeFirstCall(place: Place, tool: string): Promise<FirstCall> {
  const spawnedAtMs = Date.now();
  const began = performance.now();
  await using bridge = spawnBridge(place);
  bridge.write(INITIALIZE);
  await bridge.answer(1);
  const initializedMs = performance.now() - began;
  bridge.write(INITIALIZED + line({ id: 3, method: "tools/call", params: { name: tool, arguments: {} } }));
  const { result } = await bridge.answer(3);
  const answeredMs = performance.now() - began;
  if (result === undefined || result["isError"] === true) throw new WrongResult(`${tool} gave ${JSON.stringify(result)}`);
  return { initializedMs, answeredMs, spawnedAtMs };
}

interface SpawnedBridge extends AsyncDisposable {
  write(text: string): void;
  answer(id: number): Promise<Answer>;
}

function spawnBridge({ cwd, env }: Place): SpawnedBridge {
  const child = spawn(process.execPath, [launcher("signalbox"), "mcp"], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
  const exited = once(child, "exit");
  let heard = "";
  let look: () => void = () => undefined;
  child.stdin.on("error", () => undefined);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
    look();
  });
  return {
    write: (text) => void child.stdin.write(text),
    answer: (id) =>
      within(
        `the answer to ${id}`,
        new Promise((resolve, reject) => {
          void exited.then(() => reject(new WrongResult(`the bridge ended before it answered ${id}`)));
          look = () => {
            for (const text of heard.split("\n").slice(0, -1)) {
              const answer = JSON.parse(text) as Answer;
              if (answer.id === id) resolve(answer);
            }
          };
          look();
        }),
      ),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
