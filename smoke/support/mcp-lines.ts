/** The bridge spoken to line by line, with no SDK between: JSON-RPC as the 2026-07-28 era writes it. */
import type { Members } from "./mpac-client.ts";
import type { Program } from "./processes.ts";

export interface RpcAnswer {
  readonly id?: number | string;
  readonly result?: Members;
  readonly error?: { readonly code: number; readonly message: string };
}

/** What every request of that era carries, since there is no handshake. */
export const MODERN = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "ana-lines", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
} as const;

export interface RpcLines {
  /** Sends a request of the modern era and waits for its answer. */
  ask(method: string, params?: Members): Promise<RpcAnswer>;
  /** Calls a tool and gives the members of its result. @throws Error on a JSON-RPC error */
  call(tool: string, args: Members): Promise<Members>;
}

export function rpcLines(program: Program): RpcLines {
  let ids = 0;
  async function ask(method: string, params: Members = {}): Promise<RpcAnswer> {
    const id = (ids += 1);
    program.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: MODERN } })}\n`);
    return JSON.parse(await program.stdout.next((line) => idOf(line) === id)) as RpcAnswer;
  }
  return {
    ask,
    async call(tool, args) {
      const { result, error } = await ask("tools/call", { name: tool, arguments: args });
      if (result === undefined) throw new Error(`${tool}: ${error?.message ?? "no result"}`);
      return (result["structuredContent"] ?? {}) as Members;
    },
  };
}

/** Of a line that is no JSON there is none: whether stdout is pure is asked elsewhere. */
function idOf(line: string): unknown {
  try {
    return (JSON.parse(line) as RpcAnswer).id;
  } catch {
    return undefined;
  }
}
