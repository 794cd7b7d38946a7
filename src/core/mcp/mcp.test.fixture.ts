/** The MCP sessions of one coordination session in memory, decided and folded step by step. */
import type { JsonObject } from "../../wire/json.ts";
import type { McpCommand, McpEvent, OpenMcpSession } from "../../wire/mcp-sessions.ts";
import type { EngineCommand } from "../aggregate.ts";
import { mcp } from "./mcp.ts";
import { initialState, type McpState } from "./state.ts";

export interface Play {
  readonly state: McpState;
  readonly events: McpEvent[];
  /** Decides, folds, and says what became of it: the type of the event, the code of a refusal, or `standing`. */
  says(command: McpCommand | EngineCommand): string;
}

export function play(settings: JsonObject = {}): Play {
  const state = initialState();
  const events: McpEvent[] = [];
  let revision = 0;

  const theirs: Play = {
    state,
    events,
    says(command) {
      const decision = mcp.decide(state, command, { atMs: revision, facts: {}, newId: (prefix) => prefix });
      if ("rejected" in decision) return decision.rejected.code;
      if ("standing" in decision) return "standing";
      revision += 1;
      for (const event of decision.accepted) {
        mcp.evolve(state, mcp.readEvent(JSON.parse(JSON.stringify(event))), { revision, atMs: revision });
        events.push(event);
      }
      return decision.accepted.map(({ type }) => type).join(" ");
    },
  };
  theirs.says({ type: "Opened", session: "s", settings });
  return theirs;
}

/** As the hash of an id looks. */
export function hashed(name: string): string {
  return Array.from(name, (letter) => letter.charCodeAt(0).toString(16))
    .join("")
    .padEnd(64, "0");
}

export function detailsOf(name: string): Omit<OpenMcpSession, "idHash"> {
  return {
    fingerprint: `print of ${name}`,
    name,
    protocolVersion: "2025-11-25",
    clientInfo: { name: "claude-code", version: "2.1" },
    capabilities: { elicitation: { form: {} } },
    selection: { profile: ["core"] },
  };
}

export const opens = (name: string): McpCommand => ({ type: "OpenSession", idHash: hashed(name), ...detailsOf(name) });
export const subscribes = (name: string, uri: string): McpCommand => ({ type: "Subscribe", idHash: hashed(name), uri });
export const unsubscribes = (name: string, uri: string): McpCommand => ({ type: "Unsubscribe", idHash: hashed(name), uri });
export const closes = (name: string): McpCommand => ({ type: "CloseSession", idHash: hashed(name), reason: "deleted" });
export const expires = (name: string): McpCommand => ({ type: "CloseSession", idHash: hashed(name), reason: "expired" });
