/** Refusals as this edge says them: an HTTP status, and a JSON-RPC error for programs that look into the body only. */
import type { Barred } from "./ports.ts";

export type RequestId = string | number | null;

/** Codes of JSON-RPC, and those that MCP servers have agreed on beside them. */
export const CODE = {
  parse: -32700,
  request: -32600,
  params: -32602,
  internal: -32603,
  server: -32000,
  /** A session that is not there, or what it may not do without a credential. */
  session: -32001,
} as const;

export interface RpcError {
  readonly code: number;
  readonly message: string;
}

export function errorMessage(id: RequestId, error: RpcError) {
  return { jsonrpc: "2.0" as const, id, error };
}

export function refusal(
  status: number,
  code: number,
  message: string,
  { id = null, headers = {} }: { readonly id?: RequestId; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(JSON.stringify(errorMessage(id, { code, message })), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

export function barredResponse({ status, why, headers }: Barred, id: RequestId = null): Response {
  return refusal(status, status === 401 ? CODE.session : status === 429 || status === 503 ? CODE.server : CODE.request, why, {
    id,
    headers,
  });
}

/** The id that an error about this body is said with, where it is one request. */
export function idOf(body: unknown): RequestId {
  if (typeof body !== "object" || body === null || !("method" in body) || !("id" in body)) return null;
  return typeof body.id === "string" || typeof body.id === "number" ? body.id : null;
}
