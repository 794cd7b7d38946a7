/**
 * How events become state: dull, total, and the only writer of the MCP sessions. It checks nothing and knows no clock.
 */
import type { McpEvent, McpEventOf } from "../../wire/mcp-sessions.ts";
import { type Place, unreachable } from "../aggregate.ts";
import type { McpState } from "./state.ts";

export function evolve(state: McpState, event: McpEvent, at: Place): void {
  switch (event.type) {
    case "Opened":
      state.id = event.sessionId;
      state.epoch = event.epoch;
      state.settings = event.settings;
      return undefined;
    case "SessionOpened":
      return open(state, event, at);
    case "Subscribed":
      return subscribe(state, event.idHash, (subscriptions) => subscriptions.add(event.uri));
    case "Unsubscribed":
      return subscribe(state, event.idHash, (subscriptions) => subscriptions.delete(event.uri));
    case "SessionClosed":
      state.sessions.delete(event.idHash);
      return undefined;
    default:
      return unreachable(event);
  }
}

function open(state: McpState, { type: _type, ...said }: McpEventOf<"SessionOpened">, { atMs }: Place): void {
  state.sessions.set(said.idHash, { ...said, openedAtMs: atMs, subscriptions: new Set() });
}

function subscribe(state: McpState, idHash: string, change: (subscriptions: Set<string>) => void): void {
  const session = state.sessions.get(idHash);
  if (session === undefined) return;
  const subscriptions = new Set(session.subscriptions);
  change(subscriptions);
  state.sessions.set(idHash, { ...session, subscriptions });
}
