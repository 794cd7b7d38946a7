/** Where MCP is spoken. It stands alone, so that whoever looks for requests of MCP loads nothing else of it. */
export const MCP_PATHS = ["/mcp", "/session/:session/mcp"];
