/**
 * A host that costs next to nothing: it writes a line into the pipe to a bridge and reads one out of the other, and looks at what
 * stands in it when the time has been taken.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { launcher } from "../../smoke/support/program.ts";
import type { Members } from "../../smoke/support/mpac-client.ts";
import { within } from "../../smoke/support/wait.ts";
import { mustBe, WrongResult } from "../measurement.ts";
import type { Place } from "./bridge-start.ts";

export interface PipeCaller extends AsyncDisposable {
  /** What a call of this tool is on the wire. */
  lineOf(tool: string, args: Members): string;
  /** Sends a request and gives the line that comes next. */
  ask(line: string): Promise<Buffer>;
}

const NEWLINE = 10;

/** Starts a bridge and shakes hands in the era of 2025-11-25. */
export async function callOverPipe({ cwd, env }: Place): Promise<PipeCaller> {
  const child = spawn(process.execPath, [launcher("signalbox"), "mcp"], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
  const exited = once(child, "exit");
  let pieces: Buffer[] = [];
  let answer: (line: Buffer) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  let asked = 0;
  child.stdin.on("error", () => undefined);
  child.stdout.on("data", (piece: Buffer) => {
    pieces.push(piece);
    if (piece.at(-1) !== NEWLINE) return;
    const line = pieces.length === 1 ? piece : Buffer.concat(pieces);
    pieces = [];
    answer(line);
  });
  void exited.then(() => fail(new WrongResult("the bridge ended")));

  const lineOfRequest = (method: string, params: object): string =>
    `${JSON.stringify({ jsonrpc: "2.0", id: (asked += 1), method, params })}\n`;
  const ask = (line: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      answer = resolve;
      fail = reject;
      child.stdin.write(line);
    });

  const clientInfo = { name: "bench", version: "1.0.0" };
  await within(
    "the answer to initialize",
    ask(lineOfRequest("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo })),
  );
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return {
    lineOf: (tool, args) => lineOfRequest("tools/call", { name: tool, arguments: args }),
    ask,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}

/** The members of a tool's result. @throws WrongResult when there is none */
export function resultOf(line: Buffer): Members {
  const { result } = JSON.parse(line.toString()) as { readonly result?: { readonly structuredContent?: Members } };
  mustBe(result?.structuredContent !== undefined, `answered ${line.toString()}`);
  return result.structuredContent;
}
