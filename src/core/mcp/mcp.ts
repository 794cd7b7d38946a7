/**
 * The aggregate of the MCP sessions: which rule answers which command.
 *
 * When a session was used last is on no log, and so no rule here knows that one is old: whoever sees the requests says so.
 */
import type { SessionId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { type McpCommand, McpEvent, McpSettings } from "../../wire/mcp-sessions.ts";
import { type Aggregate, type Decision, type EngineCommand, readerOf, unreachable } from "../aggregate.ts";
import { NOTHING_TO_DO } from "../verdict.ts";
import { evolve } from "./evolve.ts";
import { decideClose, decideOpen, decideSubscribe, decideUnsubscribe } from "./sessions.ts";
import { initialState, type McpState } from "./state.ts";

function decideOpened(state: Readonly<McpState>, session: string, settings: JsonObject): Decision<McpEvent> {
  const parsed = McpSettings.parse({ ...state.settings, ...settings });
  return { accepted: [{ type: "Opened", sessionId: state.id ?? (session as SessionId), epoch: state.epoch + 1, settings: parsed }] };
}

export const mcp: Aggregate<McpState, McpCommand, McpEvent> = {
  name: "mcp",
  initial: initialState,
  decide(state, command: McpCommand | EngineCommand): Decision<McpEvent> {
    switch (command.type) {
      case "OpenSession":
        return decideOpen(state, command);
      case "Subscribe":
        return decideSubscribe(state, command);
      case "Unsubscribe":
        return decideUnsubscribe(state, command);
      case "CloseSession":
        return decideClose(state, command);
      case "Opened":
        return decideOpened(state, command.session, command.settings);
      // Nothing here falls due, and nobody is present.
      case "Resumed":
      case "Tick":
      case "ParticipantLapsed":
        return NOTHING_TO_DO;
      default:
        return unreachable(command);
    }
  },
  evolve,
  nextDeadline: () => undefined,
  present: () => [],
  readEvent: readerOf<McpEvent>(McpEvent),
};
