/**
 * What becomes of a request about an MCP session. What has come to pass already is no fault: a second subscription to the
 * same resource, the end of one that there is not, the close of a session that is closed.
 */
import { MAX_URI_LENGTH, type McpCommand, type McpEvent } from "../../wire/mcp-sessions.ts";
import type { Decision } from "../aggregate.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import type { McpState } from "./state.ts";

type Command<Type extends McpCommand["type"]> = Extract<McpCommand, { type: Type }>;

export function decideOpen(state: Readonly<McpState>, { type: _type, ...said }: Command<"OpenSession">): Decision<McpEvent> {
  const { capacity } = state.settings;
  if (state.sessions.has(said.idHash)) return refuse("id/taken", "an MCP session has this id; open one under another");
  if (state.sessions.size >= capacity) {
    return refuse(
      "mcp/too-many-sessions",
      `${capacity} MCP sessions are open, and no more may be; end one with DELETE, or try again later`,
    );
  }
  return { accepted: [{ type: "SessionOpened", ...said }] };
}

export function decideSubscribe(state: Readonly<McpState>, { idHash, uri }: Command<"Subscribe">): Decision<McpEvent> {
  const { subscriptions } = state.settings;
  const session = state.sessions.get(idHash);
  if (session === undefined) return refuse("mcp/unknown-session", "this MCP session is not open any more; send a new initialize");
  if (session.subscriptions.has(uri)) return NOTHING_TO_DO;
  if (uri.length > MAX_URI_LENGTH) {
    return refuse("message/malformed", `a URI of ${uri.length} characters is not subscribed to; it may have ${MAX_URI_LENGTH}`);
  }
  if (session.subscriptions.size >= subscriptions) {
    return refuse(
      "mcp/too-many-subscriptions",
      `this MCP session has ${subscriptions} subscriptions, and no more; unsubscribe from a resource that you need no longer`,
    );
  }
  return { accepted: [{ type: "Subscribed", idHash, uri }] };
}

export function decideUnsubscribe(state: Readonly<McpState>, { idHash, uri }: Command<"Unsubscribe">): Decision<McpEvent> {
  const isSubscribed = state.sessions.get(idHash)?.subscriptions.has(uri) === true;
  return isSubscribed ? { accepted: [{ type: "Unsubscribed", idHash, uri }] } : NOTHING_TO_DO;
}

export function decideClose(state: Readonly<McpState>, { idHash, reason }: Command<"CloseSession">): Decision<McpEvent> {
  return state.sessions.has(idHash) ? { accepted: [{ type: "SessionClosed", idHash, reason }] } : NOTHING_TO_DO;
}
