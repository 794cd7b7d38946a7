/**
 * How a host speaks MCP with the bridge, in both eras of the protocol: the one file here that knows the SDK.
 *
 * `initialize`, `server/discover` and `tools/list` are answered from what is rendered. Only a call waits for anything.
 */
import type { Writable } from "node:stream";
import {
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type Tool,
} from "@modelcontextprotocol/server";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { ToolDefinition } from "../tools/tool-definitions.ts";
import { wholeLines } from "./whole-lines.ts";

/** Bytes of one message from the host: the longest file that a tool takes, with every character escaped. */
const MAX_MESSAGE_BYTES = 48 * 1024 * 1024;

/** What a host may keep the lists for, in milliseconds. They change with a release only. */
const KEEP_MS = 60_000;

export interface FaceOptions {
  readonly version: string;
  readonly instructions: string;
  readonly tools: readonly ToolDefinition[];
  /** The host has said its name, in whichever way its era does. */
  readonly onHost: (clientName: string) => void;
  readonly call: (name: string, args: unknown, signal: AbortSignal) => Promise<Called>;
  /** Where messages go; nothing else does. */
  readonly stdout: Writable;
  readonly report: (line: string) => void;
  /** Nothing more is read or said: the host has gone, or sent what cannot be taken. */
  readonly onClosed: () => void;
}

/** As the tools answer. */
export type Called =
  | {
      readonly outcome: "result";
      readonly result: {
        readonly structured: Readonly<Record<string, unknown>>;
        readonly text: string;
        readonly isError?: true;
        /** To be told whether the result reached the host. */
        readonly settle?: (given: boolean) => void;
      };
    }
  | { readonly outcome: "unknown-tool"; readonly message: string };

export function serveFace(options: FaceOptions): void {
  const { tools, call, stdout, report } = options;
  const hint = { ttlMs: KEEP_MS, cacheScope: "public" as const };
  const names = tools.map(({ name }) => name);

  /** What was said before has left when this comes to its turn. */
  const whenWritten = (then: (isWritten: boolean) => void) => void stdout.write("", (error) => then(!(error instanceof Error)));

  const makeServer = () => {
    const server = new Server(
      { name: "signalbox", title: "Signalbox", version: options.version },
      { capabilities: { tools: {} }, instructions: options.instructions, cacheHints: { "tools/list": hint, "server/discover": hint } },
    );
    const hear = (envelope: object | undefined) => {
      const name = nameIn(envelope) ?? server.getClientVersion()?.name;
      if (name !== undefined) options.onHost(name);
    };
    server.oninitialized = () => hear(undefined);
    server.setRequestHandler("tools/list", (_request, ctx) => {
      hear(ctx.mcpReq.envelope);
      return { tools: tools as unknown as Tool[] };
    });
    server.setRequestHandler("tools/call", async ({ params }, ctx) => {
      hear(ctx.mcpReq.envelope);
      if (!names.includes(params.name))
        throw unknownTool(`there is no tool ${JSON.stringify(params.name)}; the tools are ${names.join(", ")}`);
      const called = await call(params.name, params.arguments, ctx.mcpReq.signal);
      if (called.outcome === "unknown-tool") throw unknownTool(called.message);
      const { structured, text, isError, settle } = called.result;
      if (settle !== undefined) setImmediate(() => whenWritten((isWritten) => settle(isWritten && !ctx.mcpReq.signal.aborted)));
      const result: CallToolResult = { content: [{ type: "text", text }], structuredContent: { ...structured } };
      return isError === true ? { ...result, isError } : result;
    });
    return server;
  };

  const transport = new StdioServerTransport(process.stdin.pipe(wholeLines(MAX_MESSAGE_BYTES)), stdout, {
    maxBufferSize: MAX_MESSAGE_BYTES,
  });
  serveStdio(makeServer, { transport, onerror: (error) => report(error.message) });
  const closed = transport.onclose;
  transport.onclose = () => {
    closed?.();
    options.onClosed();
  };
}

/** What the 2026 era says with each request; the one before says it once, when it initializes. */
function nameIn(envelope: object | undefined): string | undefined {
  const claimed = (envelope as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_INFO_META_KEY];
  const name = (claimed as { readonly name?: unknown } | undefined)?.name;
  return typeof name === "string" ? name : undefined;
}

function unknownTool(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
