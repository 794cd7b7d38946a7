/** JSON-RPC with an MCP server, written by hand: what a client of no SDK sends, over a process's lines or over HTTP, in both eras. */
import type { Members } from "./mpac-client.ts";
import { startNode } from "./processes.ts";

/** Where a server is: a process to be started, or an address. */
export type Place =
  | { readonly over: "stdio"; readonly args: readonly string[]; readonly cwd: string; readonly env: NodeJS.ProcessEnv }
  | { readonly over: "http"; readonly url: string; readonly token: string; readonly principal?: string };

export type Era = "2025-11-25" | "2026-07-28";

export interface RawAnswer {
  readonly result?: Members;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Who asks: this machine's own program, for a principal of its choice or its own. */
export function credentialOf({ token, principal }: Extract<Place, { over: "http" }>): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    ...(principal === undefined ? {} : { "X-Signalbox-Principal": encodeURIComponent(principal) }),
  };
}

/** One connection on which requests are answered one by one. */
export interface RawClient extends AsyncDisposable {
  ask(method: string, params?: Members): Promise<RawAnswer>;
}

const WHO = { name: "raw", version: "1.0.0" };

const VERSION = "io.modelcontextprotocol/protocolVersion";

/** What every request of 2026-07-28 carries, since it has no handshake. */
export const ENVELOPE = {
  [VERSION]: "2026-07-28",
  "io.modelcontextprotocol/clientInfo": WHO,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The parameter that `Mcp-Name` says again, of the methods that have one. */
const NAMED_BY: Readonly<Record<string, string>> = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri" };

interface Line {
  send(message: Members): Promise<RawAnswer | undefined>;
  close(): Promise<void>;
}

/** @param era - undefined: nothing is said first and nothing added, for those who say everything themselves */
export async function connectRaw(place: Place, era: Era | undefined): Promise<RawClient> {
  const line = place.over === "stdio" ? overStdio(place) : overHttp(place);
  let ids = 0;
  const ask = async (method: string, params: Members = {}): Promise<RawAnswer> => {
    const full = era === "2026-07-28" ? { ...params, _meta: ENVELOPE } : params;
    const answer = await line.send({ jsonrpc: "2.0", id: (ids += 1), method, params: full });
    if (answer === undefined) throw new Error(`${method} was not answered`);
    return answer;
  };
  if (era === "2025-11-25") {
    const { result } = await ask("initialize", { protocolVersion: era, capabilities: {}, clientInfo: WHO });
    if (result?.["protocolVersion"] !== era) throw new Error(`it speaks ${String(result?.["protocolVersion"])}`);
    await line.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  }
  return { ask, [Symbol.asyncDispose]: () => line.close() };
}

function overStdio({ args, cwd, env }: Extract<Place, { over: "stdio" }>): Line {
  const program = startNode(args, { cwd, env });
  return {
    async send(message) {
      program.write(`${JSON.stringify(message)}\n`);
      if (message["id"] === undefined) return undefined;
      return JSON.parse(await program.stdout.next((line) => (JSON.parse(line) as Members)["id"] === message["id"])) as RawAnswer;
    },
    async close() {
      program.end();
      await program[Symbol.asyncDispose]();
    },
  };
}

function overHttp(place: Extract<Place, { over: "http" }>): Line {
  const { url } = place;
  const fixed = { "Content-Type": "application/json", Accept: "application/json, text/event-stream", ...credentialOf(place) };
  let session: string | undefined;
  const headersOf = (message: Members): Record<string, string> => {
    const { method, params = {} } = message as { readonly method: string; readonly params?: Members };
    const claimed = (params["_meta"] as Readonly<Record<string, string | undefined>> | undefined)?.[VERSION];
    if (claimed === undefined) return session === undefined ? {} : { "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25" };
    const name = params[NAMED_BY[method] ?? ""] as string | undefined;
    return { "MCP-Protocol-Version": claimed, "Mcp-Method": method, ...(name === undefined ? {} : { "Mcp-Name": name }) };
  };
  return {
    async send(message) {
      const response = await fetch(url, { method: "POST", headers: { ...fixed, ...headersOf(message) }, body: JSON.stringify(message) });
      session = response.headers.get("Mcp-Session-Id") ?? session;
      const text = await response.text();
      return text === "" ? undefined : answerIn(text, response.headers.get("Content-Type") ?? "", message["id"]);
    },
    async close() {
      if (session !== undefined) await fetch(url, { method: "DELETE", headers: { ...fixed, "Mcp-Session-Id": session } });
    },
  };
}

/** The answer to one request in a body, which may be a stream of events with others before it. */
function answerIn(text: string, type: string, id: unknown): RawAnswer | undefined {
  if (!type.startsWith("text/event-stream")) return JSON.parse(text) as RawAnswer;
  const messages = text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)) as Members);
  return messages.find((message) => message["id"] === id);
}
