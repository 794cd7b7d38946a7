import { isAbsolute } from "node:path";
import { expect, it } from "vitest";
import { ownLaunch } from "./launcher.ts";
import { clientSnippets } from "./snippets.ts";

const BRIDGE = { command: "/usr/bin/node", args: ["/opt/signal box/bin/signalbox.js", "mcp"] };

it("is what each client reads", () => {
  const [common, code, codex] = clientSnippets(BRIDGE).map(({ text }) => text);

  expect(JSON.parse(common ?? "")).toEqual({ mcpServers: { signalbox: BRIDGE } });
  expect(JSON.parse(code ?? "")).toEqual({ servers: { signalbox: { type: "stdio", ...BRIDGE } } });
  expect(codex).toBe('[mcp_servers.signalbox]\ncommand = "/usr/bin/node"\nargs = ["/opt/signal box/bin/signalbox.js", "mcp"]');
});

it("names a client and its file once", () => {
  expect(clientSnippets(BRIDGE).flatMap(({ clients }) => clients.map(({ name }) => name))).toEqual([
    "Claude Code",
    "Cursor",
    "Gemini CLI",
    "VS Code",
    "Codex",
  ]);
});

it("starts this program by absolute paths", () => {
  const { command, args } = ownLaunch();

  expect([command, args.at(-1)].map((path) => isAbsolute(path ?? ""))).toEqual([true, true]);
});
