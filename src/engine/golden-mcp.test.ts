import { McpEvent } from "../wire/mcp-sessions.ts";
import { GOLDEN_MCP } from "./golden-mcp.test.fixture.ts";
import { judgeGolden } from "./golden-suite.test.fixture.ts";

judgeGolden(GOLDEN_MCP, { events: McpEvent.options, refuses: (code) => code.startsWith("mcp/") });
