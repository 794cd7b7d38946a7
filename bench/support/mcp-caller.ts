/** Tool calls over `/mcp` as a client of either era writes them, down to the bytes, so that both sides of a comparison send the same. */
import type { Members } from "../../smoke/support/mpac-client.ts";
import { mustBe } from "../measurement.ts";
import { type Answered, connectPoster, type Poster } from "./poster.ts";

export interface Call {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface McpCaller extends AsyncDisposable {
  readonly poster: Poster;
  /** What a call of this tool is on the wire. */
  readonly callOf: (tool: string, args: Members) => Call;
}

/** Where a sidecar serves, and what lets this machine's own user in. */
export interface At {
  readonly port: number;
  readonly token: string;
}

const WHO = { name: "bench", version: "1.0.0" };
const MODERN = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": WHO,
  "io.modelcontextprotocol/clientCapabilities": {},
};

export const urlOf = ({ port }: At): string => `http://127.0.0.1:${port}/mcp`;
export const headersOf = ({ token }: At): Readonly<Record<string, string>> => ({
  accept: "application/json, text/event-stream",
  authorization: `Bearer ${token}`,
});

/** A client of 2026-07-28: every call stands alone. */
export function callModern(at: At): McpCaller {
  const poster = connectPoster(urlOf(at), headersOf(at));
  return {
    poster,
    callOf(tool, args) {
      const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args, _meta: MODERN } };
      const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool };
      return { body: JSON.stringify(message), headers };
    },
    [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
  };
}

/** A client of 2025-11-25, with a session that it has opened. */
export async function callLegacy(at: At): Promise<McpCaller> {
  const poster = connectPoster(urlOf(at), headersOf(at));
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: WHO };
  const opened = await poster.post(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }));
  const session = opened.headers["mcp-session-id"];
  mustBe(typeof session === "string", `no session was opened: ${opened.text}`);
  const headers = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
  await poster.post(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), headers);
  return {
    poster,
    callOf: (tool, args) => ({
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } }),
      headers,
    }),
    [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
  };
}

/** The members of a tool's result. @throws WrongResult when there is none */
export function resultIn({ status, text }: Answered): Members {
  mustBe(status === 200 && text.startsWith("{"), `answered with ${status}: ${text}`);
  const { result } = JSON.parse(text) as { readonly result?: { readonly structuredContent?: Members; readonly isError?: true } };
  const members = result?.structuredContent;
  mustBe(members !== undefined && result?.isError !== true, `answered ${text}`);
  return members;
}
