/** A coding client of 2025 as it starts the bridge: the older SDK's client over stdio. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Members } from "./mpac-client.ts";
import { isRunning, killOutright } from "./processes.ts";
import { launcher } from "./program.ts";
import { eventually } from "./wait.ts";

export interface ToolAnswer {
  readonly structured: Members;
  readonly text: string;
  readonly isError: boolean;
}

export interface McpHost extends AsyncDisposable {
  readonly client: Client;
  /** The bridge's process. */
  readonly pid: number;
  readonly stderr: () => string;
  call(tool: string, args?: Members): Promise<ToolAnswer>;
}

export interface HostOptions {
  /** Name that the client gives itself. */
  readonly name: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Behind `signalbox mcp`. */
  readonly args?: readonly string[];
  /** Another command line than that of `signalbox mcp`. */
  readonly command?: { readonly command: string; readonly args: readonly string[] };
}

/** Milliseconds that one tool call may take. */
const CALL_MS = 60_000;

/** Starts a bridge and shakes hands. Disposing closes its stdin and waits until it is gone. */
export async function startHost({ name, cwd, env, args = [], command }: HostOptions): Promise<McpHost> {
  const started = command ?? { command: process.execPath, args: [launcher("signalbox"), "mcp", ...args] };
  const defined = Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  const transport = new StdioClientTransport({
    ...started,
    args: [...started.args],
    cwd,
    env: Object.fromEntries(defined),
    stderr: "pipe",
  });
  const client = new Client({ name, version: "1.0.0" });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  /** A bridge that ended says why there alone. */
  const explained = (cause: unknown): never => {
    if (cause instanceof Error && stderr !== "") cause.message += `; the bridge said: ${stderr.trim()}`;
    throw cause;
  };
  await client.connect(transport).catch(explained);
  const pid = transport.pid;
  if (pid === null) throw new Error("the bridge has no process");
  return {
    client,
    pid,
    stderr: () => stderr,
    async call(tool, args = {}) {
      const result = await client.callTool({ name: tool, arguments: { ...args } }, undefined, { timeout: CALL_MS }).catch(explained);
      const content = result.content as readonly { readonly type: string; readonly text?: string }[];
      return {
        structured: (result.structuredContent ?? {}) as Members,
        text: content.map((part) => part.text ?? "").join("\n"),
        isError: result.isError === true,
      };
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await eventually("the end of the bridge", async () => ((await isRunning(pid)) ? undefined : true), 5_000).catch(() =>
        killOutright(pid),
      );
    },
  };
}
