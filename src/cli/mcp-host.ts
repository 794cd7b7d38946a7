/**
 * A coding client as most of them are built: the older SDK's client, which starts `signalbox mcp` and talks to it over stdio.
 *
 * `doctor` and `demo` try the program from the outside with it; nothing else here knows an SDK.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CommandFault } from "./fault.ts";
import { ownLaunch } from "./launcher.ts";

export interface HostAnswer {
  readonly structured: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly isError: boolean;
}

/** Disposing closes the bridge's stdin and waits until it is gone. */
export interface McpHost extends AsyncDisposable {
  /** What client and bridge agreed on. */
  readonly protocolVersion: string;
  toolNames(): Promise<readonly string[]>;
  /** @throws CommandFault when the bridge gives no answer */
  call(tool: string, args?: Readonly<Record<string, unknown>>): Promise<HostAnswer>;
}

export interface McpHostOptions {
  /** Name that the client gives itself. */
  readonly name: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What follows `signalbox mcp`. */
  readonly args?: readonly string[];
  /** Ends a handshake or a call that is under way. */
  readonly signal?: AbortSignal;
}

/** Milliseconds for the handshake, and for one call: a first call starts a sidecar. */
const LIMIT_MS = 30_000;

/** Characters of the bridge's stderr that a fault quotes. */
const QUOTED = 400;

/** Starts a bridge and shakes hands with it. @throws CommandFault with what it said when it does not come up */
export async function startMcpHost({ name, cwd, env, args = [], signal }: McpHostOptions): Promise<McpHost> {
  const launch = ownLaunch();
  const transport = new StdioClientTransport({
    command: launch.command,
    args: [...launch.args, "mcp", ...args],
    cwd,
    env: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-QUOTED)));
  let protocolVersion = "unknown";
  Object.assign(transport, { setProtocolVersion: (version: string) => (protocolVersion = version) });

  const client = new Client({ name, version: "1.0.0" });
  const limits = { timeout: LIMIT_MS, ...(signal === undefined ? {} : { signal }) };
  const explain = (what: string, cause: unknown): Error => {
    if (signal?.aborted === true) return signal.reason as Error;
    const said = stderr.trim() === "" ? "" : `; it said: ${stderr.trim()}`;
    return new CommandFault(
      "mcp/no-answer",
      `the bridge ${what} (${cause instanceof Error ? cause.message : String(cause)})${said}`,
      cause,
    );
  };
  try {
    await client.connect(transport, limits);
  } catch (cause) {
    await client.close();
    throw explain("does not come up", cause);
  }

  return {
    protocolVersion,
    async toolNames() {
      const { tools } = await client.listTools(undefined, limits).catch((cause: unknown) => {
        throw explain("does not list its tools", cause);
      });
      return tools.map((tool) => tool.name);
    },
    async call(tool, toolArgs = {}) {
      const result = await client.callTool({ name: tool, arguments: { ...toolArgs } }, undefined, limits).catch((cause: unknown) => {
        throw explain(`does not answer ${tool}`, cause);
      });
      const content = result.content as readonly { readonly type: string; readonly text?: string }[];
      return {
        structured: (result.structuredContent ?? {}) as HostAnswer["structured"],
        text: content.map((part) => part.text ?? "").join("\n"),
        isError: result.isError === true,
      };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
