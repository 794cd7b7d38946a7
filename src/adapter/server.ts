/** An MCP server on two streams, as the peer adapters are one: requests one after another, each answered before the next. */
import type { Readable, Writable } from "node:stream";
import type { PeerClient } from "../client/peer/peer-client.ts";
import { membersOf, stringsOf } from "../wire/peer/json-members.ts";
import { messagesIn } from "./framing.ts";
import { answer, failure, INVALID_PARAMS, METHOD_NOT_FOUND, PARSE_ERROR, readRequest, type Request } from "./rpc.ts";
import { callTool, type Tool } from "./tools.ts";

/** What is spoken with a client that names no version. */
const MCP_VERSION = "2025-06-18";

export interface Face {
  readonly serverName: string;
  readonly capabilities: object;
  readonly tools: readonly object[];
  readonly drain: Tool;
  /** The client takes notifications from now on. */
  readonly onInitialized: () => void;
}

/** Resolves when it was handed to the system. @throws Error when nobody reads any more */
export type WriteLine = (line: string) => Promise<void>;

export const lineWriter = (output: Writable): WriteLine => {
  return (line) => new Promise((resolve, reject) => output.write(`${line}\n`, (fault) => (fault == null ? resolve() : reject(fault))));
};

/** Serves until the input ends. @throws Error when nobody reads the output */
export async function serve(input: Readable, write: WriteLine, bus: PeerClient, face: Face): Promise<void> {
  for await (const message of messagesIn(input as AsyncIterable<Buffer>)) {
    const request = "text" in message ? readRequest(message.text) : undefined;
    if (request !== undefined) await respond(request, write, bus, face);
    else
      await write(failure(undefined, PARSE_ERROR, "parse error", "refused" in message ? message.refused : "this is no JSON-RPC message"));
  }
}

async function respond({ id, method, params }: Request, write: WriteLine, bus: PeerClient, face: Face): Promise<void> {
  if (method === "notifications/initialized" || method === "initialized") return face.onInitialized();
  if (id === undefined) return;
  switch (method) {
    case "initialize":
      return write(answer(id, JSON.stringify(introduction(params, face))));
    case "ping":
      return write(answer(id, "{}"));
    case "tools/list":
      return write(answer(id, JSON.stringify({ tools: face.tools })));
    case "tools/call":
      return carryCall(id, params, write, bus, face);
    default:
      return write(failure(id, METHOD_NOT_FOUND, "method not found", method));
  }
}

async function carryCall(id: string, params: string | undefined, write: WriteLine, bus: PeerClient, face: Face): Promise<void> {
  const outcome = await callTool(bus, params, face.drain);
  if ("invalid" in outcome) return write(failure(id, INVALID_PARAMS, "invalid params", outcome.invalid));
  if ("unknown" in outcome) return write(failure(id, METHOD_NOT_FOUND, "unknown tool", outcome.unknown));
  await write(answer(id, outcome.result));
  outcome.done?.();
}

function introduction(params: string | undefined, { serverName, capabilities }: Face): object {
  const asked = stringsOf(membersOf(params ?? "") ?? [], ["protocolversion"])?.protocolversion ?? "";
  return {
    protocolVersion: asked === "" ? MCP_VERSION : asked,
    capabilities,
    serverInfo: { name: serverName, version: "1" },
  };
}
