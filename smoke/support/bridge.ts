/** A bridge as a child process, spoken to in lines, and what must hold of its stdout whatever happens to it. */
import { type RpcLines, rpcLines } from "./mcp-lines.ts";
import type { Members } from "./mpac-client.ts";
import { type Program, startNode } from "./processes.ts";
import { launcher } from "./program.ts";
import type { Scratch } from "./scratch.ts";

export interface Bridge extends RpcLines, AsyncDisposable {
  readonly program: Program;
}

export interface BridgeOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
}

export function startBridge(scratch: Scratch, cwd: string, { env = {}, args = [] }: BridgeOptions = {}): Bridge {
  const program = startNode([launcher("signalbox"), "mcp", ...args], { cwd, env: { ...scratch.env, ...env } });
  return { ...rpcLines(program), program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** Lines of stdout that are no MCP. */
export function impurities(program: Program): string[] {
  return program.stdout.all.filter((line) => {
    try {
      return (JSON.parse(line) as Members)["jsonrpc"] !== "2.0";
    } catch {
      return true;
    }
  });
}

/** The principals in a result of `who_is_working`. */
export function principalsIn(structured: Members): string[] {
  return ((structured["participants"] ?? []) as Members[]).map((participant) => String(participant["principal_id"])).toSorted();
}
