/**
 * How a host speaks MCP with the bridge over its standard streams, in both eras of the protocol: the one file here that knows the
 * SDK.
 *
 * `initialize`, `server/discover` and the lists are answered from what is rendered. Only what asks for more waits for anything.
 */
import type { Writable } from "node:stream";
import { CLIENT_INFO_META_KEY, isJSONRPCRequest, type JSONRPCMessage, type Server } from "@modelcontextprotocol/server";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Face } from "../mcp/face.ts";
import { makeServer } from "../mcp/make-server.ts";
import type { Pages } from "../mcp/pages.ts";
import { createRequestStates } from "../mcp/request-state.ts";
import type { Followers } from "./followers.ts";
import { createHostLines } from "./host-lines.ts";
import { createHostCalls } from "./plain-calls.ts";
import { wholeLines } from "./whole-lines.ts";

/** Bytes of one message from the host: the longest file that a tool takes, with every character escaped. */
const MAX_MESSAGE_BYTES = 48 * 1024 * 1024;

/** Resources that one request may listen to: a host has no use for more. */
const MAX_LISTENED = 1_000;

export interface FaceOptions {
  readonly face: Face;
  readonly pages: Pages;
  readonly followers: Followers;
  /** Whether anybody says when this resource says something else. */
  readonly isTold: (uri: string) => boolean;
  /** The host follows a resource, and so wants to hear of it from now on. */
  readonly onFollowed: () => void;
  /** Where messages go; nothing else does. */
  readonly stdout: Writable;
  readonly report: (line: string) => void;
  /** Nothing more is read or said: the host has gone, or sent what cannot be taken. */
  readonly onClosed: () => void;
}

export interface Served {
  /** The resource says something else now: for whoever follows it. */
  tellUpdated(uri: string): void;
}

export function serveFace({ face, pages, followers, isTold, onFollowed, stdout, report, onClosed }: FaceOptions): Served {
  const requestStates = createRequestStates({ nowMs: Date.now });
  let server: Server | undefined;
  let isModern = false;

  /** What was said before has left when this comes to its turn. */
  const whenWritten = (then: (isWritten: boolean) => void) => void stdout.write("", (error) => then(!(error instanceof Error)));
  const whenSent = (id: string | number, tell: (isSent: boolean) => void) =>
    lines.whenSent(id, (isSent) => (isSent ? void setImmediate(() => whenWritten(tell)) : tell(false)));

  const subscriptions = {
    subscribe(uri: string) {
      if (!isTold(uri)) return Promise.resolve({ refused: `nobody tells of changes of ${uri} here: read it when you need it` });
      followers.subscribe(uri);
      onFollowed();
      return Promise.resolve();
    },
    unsubscribe: (uri: string) => Promise.resolve(followers.unsubscribe(uri)),
  };

  const calls = createHostCalls({
    face,
    pages,
    client: () => ({ clientName: server?.getClientVersion()?.name, capabilities: server?.getClientCapabilities() }),
    send: (message) => void transport.send(message as JSONRPCMessage).catch(() => undefined), // a host that has gone misses nothing
    whenSent,
    isRequest: isJSONRPCRequest,
    passOn: (message) => received?.(message as JSONRPCMessage),
    report,
  });
  const lines = createHostLines({
    give: (message) => void (calls.takes(message) || transport.onmessage?.(message as unknown as JSONRPCMessage)),
    send: (line) => void sendLine(line as JSONRPCMessage).catch(() => undefined),
    isModern: () => isModern,
    report,
  });
  const transport = new StdioServerTransport(process.stdin.pipe(wholeLines(MAX_MESSAGE_BYTES, (line) => lines.takes(line))), stdout, {
    maxBufferSize: MAX_MESSAGE_BYTES,
  });
  const sendLine = transport.send.bind(transport);
  transport.send = (message) => (lines.keeps(message) ? Promise.resolve() : sendLine(message));
  function madeFor(era: "legacy" | "modern"): Server {
    isModern = era === "modern";
    server = makeServer(calls.face, {
      era,
      requestStates,
      callerOf: () => "host", // whoever holds the other end of the pipe
      whenSent: ({ id }, tell) => whenSent(id, tell),
      subscriptions,
      pages,
      report,
    });
    return server;
  }
  serveStdio(({ era }) => madeFor(era), { transport, onerror: (error) => report(error.message) });

  // The SDK answers a request that listens without a word to the server: what it is about is heard on its way there, and what nobody
  // tells of is taken out, so that the answer does not promise it.
  const received = transport.onmessage;
  transport.onmessage = (message) => {
    const listening = listeningIn(message as Received, isTold);
    if (listening !== undefined) {
      const { id, uris, clientName, passedOn } = listening;
      if (clientName !== undefined) face.onHost?.(clientName);
      followers.listen(id, uris);
      if (uris.length > 0) onFollowed();
      received?.(passedOn as JSONRPCMessage);
      return;
    }
    const over = cancelledIn(message as Received);
    if (over !== undefined) {
      followers.over(over);
      calls.cancelled(over);
      lines.cancelled(over);
    }
    received?.(message);
  };
  const closed = transport.onclose;
  transport.onclose = () => {
    calls.end();
    lines.end();
    closed?.();
    onClosed();
  };
  return {
    tellUpdated(uri) {
      server?.sendResourceUpdated({ uri }).catch(() => undefined); // a host that has gone misses nothing
    },
  };
}

interface Received {
  readonly method?: string;
  readonly id?: string | number;
  readonly params?: Readonly<Record<string, unknown>>;
}

interface Listening {
  readonly id: string | number;
  readonly uris: readonly string[];
  readonly clientName: string | undefined;
  /** The request, about these resources only. */
  readonly passedOn: Received;
}

/** What is not as the protocol has it goes on as it is, for the SDK to say so. */
function listeningIn(message: Received, isTold: (uri: string) => boolean): Listening | undefined {
  const { method, id, params } = message;
  const wanted = params?.["notifications"] as { readonly resourceSubscriptions?: unknown } | null | undefined;
  const asked = wanted?.resourceSubscriptions;
  if (method !== "subscriptions/listen" || id === undefined || !Array.isArray(asked)) return undefined;
  if (!asked.every((uri) => typeof uri === "string")) return undefined;
  const uris = asked.filter((uri) => isTold(uri)).slice(0, MAX_LISTENED);
  const client = (params?.["_meta"] as Readonly<Record<string, unknown>> | null | undefined)?.[CLIENT_INFO_META_KEY];
  const name = (client as { readonly name?: unknown } | null | undefined)?.name;
  const passedOn = { ...message, params: { ...params, notifications: { ...wanted, resourceSubscriptions: uris } } };
  return { id, uris, clientName: typeof name === "string" ? name : undefined, passedOn };
}

function cancelledIn({ method, params }: Received): string | number | undefined {
  const id = method === "notifications/cancelled" ? params?.["requestId"] : undefined;
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}
