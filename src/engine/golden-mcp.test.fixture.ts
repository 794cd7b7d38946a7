/**
 * Golden streams of the MCP sessions, kept as those of the session are (`golden.test.fixture.ts`), in a folder of their own.
 */
import { join } from "node:path";
import { mcp } from "../core/mcp/mcp.ts";
import { closes, expires, opens, subscribes, unsubscribes } from "../core/mcp/mcp.test.fixture.ts";
import type { McpState } from "../core/mcp/state.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import type { McpCommand, McpEvent } from "../wire/mcp-sessions.ts";
import type { Golden, GoldenStage } from "./golden-stage.test.fixture.ts";
import { GOLDEN_FOLDER, plain } from "./golden.test.fixture.ts";

/** What the MCP sessions of a coordination session say. */
function sayingOfMcp(state: Readonly<McpState>): Json {
  return plain(state);
}

/** Everything that may be recorded of MCP sessions, and every way in which they are refused. */
async function playMcpDay({ gives, restart }: GoldenStage<McpCommand, JsonObject>): Promise<void> {
  await gives(opens("ana"));
  await gives(opens("ana")); // one id, one session
  await gives(subscribes("ana", "signalbox://lanes"));
  await gives(subscribes("ana", "signalbox://lanes")); // has it
  await gives(subscribes("ana", "signalbox://file/src/a.ts"));
  await gives(unsubscribes("ana", "signalbox://lanes"));
  await gives(subscribes("bo", "signalbox://lanes")); // is not open
  await gives({ ...opens("bo"), fingerprint: null, name: null, selection: {}, capabilities: {} } as McpCommand);
  await gives(opens("cy")); // two may be open
  await restart();
  await gives(closes("ana"));
  await gives(opens("cy"));
  await gives(subscribes("cy", "signalbox://lanes"));
  await gives(subscribes("cy", "signalbox://board"));
  await gives(subscribes("cy", "signalbox://inbox")); // two it may have
  await gives(expires("bo"));
}

export const GOLDEN_MCP: Golden<McpState, McpCommand, McpEvent, JsonObject> = {
  aggregate: mcp,
  settings: { capacity: 2, subscriptions: 2 },
  folder: join(GOLDEN_FOLDER, "mcp"),
  sayingOf: sayingOfMcp,
  day: playMcpDay,
};
