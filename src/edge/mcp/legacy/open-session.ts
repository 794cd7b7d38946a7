/** `initialize`: a new session, on the log before its client hears of it. */
import { isJSONRPCErrorResponse, type JSONRPCRequest } from "@modelcontextprotocol/server";
import type { Log } from "../../../log.ts";
import { CODE, refusal } from "../errors.ts";
import type { HttpVisit } from "../http-visit.ts";
import type { McpSessionDetails, SessionStore } from "../session-store.ts";
import { initialize, type LiveSession, type LiveSessions } from "./live-sessions.ts";
import { createReply } from "./reply.ts";

/** When a client may try again that found no room, in seconds. */
const RETRY_SEC = 5;

export interface Opening {
  readonly sessions: SessionStore;
  readonly living: LiveSessions;
  readonly log: Log;
}

export async function openSession({ sessions, living, log }: Opening, visit: HttpVisit, request: JSONRPCRequest): Promise<Response> {
  let live: LiveSession | undefined;
  const { transport, answer } = await initialize(visit.serving, request, (message) => live?.tell(message) === true);
  if (answer === undefined || isJSONRPCErrorResponse(answer)) return json(answer ?? {}, visit, {});
  const { result } = answer as { readonly result: { readonly protocolVersion: string } };
  const { caller, selection } = visit;
  const { clientInfo, capabilities } = request.params as Pick<McpSessionDetails, "clientInfo" | "capabilities">;
  const opened = await sessions.open(visit.sessionId, {
    fingerprint: caller.identity?.fingerprint ?? null,
    name: caller.name ?? null,
    protocolVersion: result.protocolVersion,
    clientInfo,
    capabilities,
    selection: selection as McpSessionDetails["selection"],
  });
  if ("rejection" in opened) {
    const { code, message } = opened.rejection;
    if (code === "message/malformed") return refusal(400, CODE.params, message, { id: request.id });
    return refusal(503, CODE.server, message, { id: request.id, headers: { "retry-after": String(RETRY_SEC) } });
  }
  const record = await sessions.find(visit.sessionId, opened.id);
  if (record !== undefined) {
    live = living.of(record);
    live.adopt(visit.serving, transport);
  }
  log.info({ mcpSession: opened.id.slice(0, 8), client: clientInfo.name.slice(0, 64) }, "MCP session opened");
  return json(answer, visit, { "mcp-session-id": opened.id });
}

function json(answer: object, { form }: HttpVisit, headers: Readonly<Record<string, string>>): Promise<Response> {
  const reply = createReply({ form, isBatch: false, headers, primes: false });
  reply.answer(answer);
  reply.finish();
  return reply.response;
}
