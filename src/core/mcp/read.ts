/** What an edge may ask of a coordination session's MCP sessions. */
import type { McpSession, McpState } from "./state.ts";

export type { McpSession, McpState } from "./state.ts";

/** The session whose id has this hash, while it is open. */
export function sessionOf(state: Readonly<McpState>, idHash: string): McpSession | undefined {
  return state.sessions.get(idHash);
}
