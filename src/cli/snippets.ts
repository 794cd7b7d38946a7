/** What a user writes into the settings of a coding client so that it starts the bridge. Absolute paths, so that no client waits for a download. */
import type { Server } from "./init/claude-files.ts";
import type { Paint } from "./terminal.ts";

export interface Snippet {
  /** Clients, and the file of each in the project. */
  readonly clients: readonly { readonly name: string; readonly file: string }[];
  readonly text: string;
}

export function clientSnippets(bridge: Server): readonly Snippet[] {
  const json = (settings: object) => JSON.stringify(settings, undefined, 2);
  return [
    {
      clients: [
        { name: "Claude Code", file: ".mcp.json" },
        { name: "Cursor", file: ".cursor/mcp.json" },
        { name: "Gemini CLI", file: ".gemini/settings.json" },
      ],
      text: json({ mcpServers: { signalbox: bridge } }),
    },
    {
      clients: [{ name: "VS Code", file: ".vscode/mcp.json" }],
      text: json({ servers: { signalbox: { type: "stdio", ...bridge } } }),
    },
    {
      clients: [{ name: "Codex", file: ".codex/config.toml, or ~/.codex/config.toml" }],
      // A basic string of TOML takes what JSON writes.
      text: `[mcp_servers.signalbox]\ncommand = ${JSON.stringify(bridge.command)}\nargs = [${bridge.args.map((arg) => JSON.stringify(arg)).join(", ")}]`,
    },
  ];
}

const ELSEWHERE = "For a session at a coordinator elsewhere, MPAC_COORDINATOR_URL and MPAC_COORDINATOR_TOKEN go into the server's `env`.\n";

/** The snippets to be read and copied. @param wired - a client that needs none */
export function snippetText(bridge: Server, paint: Paint, wired?: string): string {
  const parts = clientSnippets(bridge).flatMap(({ clients, text }) => {
    const title = clients
      .filter(({ name }) => name !== wired)
      .map(({ name, file }) => `${name}: ${file}`)
      .join("   ");
    return title === "" ? [] : [`${paint("bold", title)}\n${text.replaceAll(/^/gm, "  ")}\n`];
  });
  return [...parts, ELSEWHERE].join("\n");
}
