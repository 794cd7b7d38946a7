/**
 * What the MCP sessions of one coordination session are at one revision: those that are open, by the hash of their ids, and
 * what each client has subscribed to. Of one that was closed nothing is left.
 */
import type { SessionId } from "../../wire/ids.ts";
import type { McpSettings, OpenMcpSession } from "../../wire/mcp-sessions.ts";

const DEFAULT_SETTINGS: McpSettings = { capacity: 10_000, subscriptions: 256 };

/** Replaced when it changes, and never altered: whoever was given one may keep it. */
export interface McpSession extends OpenMcpSession {
  readonly openedAtMs: number;
  /** URIs of resources, the oldest subscription first. */
  readonly subscriptions: ReadonlySet<string>;
}

export interface McpState {
  id: SessionId | undefined;
  epoch: number;
  settings: McpSettings;
  readonly sessions: Map<string, McpSession>;
}

export function initialState(): McpState {
  return { id: undefined, epoch: 0, settings: DEFAULT_SETTINGS, sessions: new Map() };
}
