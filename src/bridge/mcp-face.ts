/**
 * How a host speaks MCP with the bridge over its standard streams, in both eras of the protocol: the one file here that knows the
 * SDK.
 *
 * `initialize`, `server/discover` and the lists are answered from what is rendered. Only what asks for more waits for anything.
 */
import type { Writable } from "node:stream";
import { CLIENT_INFO_META_KEY, type Server } from "@modelcontextprotocol/server";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Face } from "../mcp/face.ts";
import { makeServer } from "../mcp/make-server.ts";
import { createRequestStates } from "../mcp/request-state.ts";
import type { Followers } from "./followers.ts";
import { wholeLines } from "./whole-lines.ts";

/** Bytes of one message from the host: the longest file that a tool takes, with every character escaped. */
const MAX_MESSAGE_BYTES = 48 * 1024 * 1024;

/** Resources that one request may listen to: a host has no use for more. */
const MAX_LISTENED = 1_000;

export interface FaceOptions {
  readonly face: Face;
  readonly followers: Followers;
  /** Whether anybody says when this resource says something else. */
  readonly isTold: (uri: string) => Promise<boolean>;
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

export function serveFace({ face, followers, isTold, onFollowed, stdout, report, onClosed }: FaceOptions): Served {
  const requestStates = createRequestStates({ nowMs: Date.now });
  let server: Server | undefined;

  /** What was said before has left when this comes to its turn. */
  const whenWritten = (then: (isWritten: boolean) => void) => void stdout.write("", (error) => then(!(error instanceof Error)));

  const subscriptions = {
    async subscribe(uri: string) {
      if (!(await isTold(uri))) return { refused: `nobody tells of changes of ${uri} here: read it when you need it` };
      followers.subscribe(uri);
      onFollowed();
      return undefined;
    },
    unsubscribe: (uri: string) => Promise.resolve(followers.unsubscribe(uri)),
  };

  const transport = new StdioServerTransport(process.stdin.pipe(wholeLines(MAX_MESSAGE_BYTES)), stdout, {
    maxBufferSize: MAX_MESSAGE_BYTES,
  });
  const madeFor = (era: "legacy" | "modern") =>
    (server = makeServer(face, {
      era,
      requestStates,
      callerOf: () => "host", // whoever holds the other end of the pipe
      whenSent: (_request, tell) => setImmediate(() => whenWritten(tell)),
      subscriptions,
      report,
    }));
  serveStdio(({ era }) => madeFor(era), { transport, onerror: (error) => report(error.message) });

  // The SDK answers a request that listens without a word to the server: what it is about is heard on its way there.
  const received = transport.onmessage;
  transport.onmessage = (message) => {
    const heard = listeningIn(message as Received);
    if (heard !== undefined) {
      if (heard.clientName !== undefined) face.onHost?.(heard.clientName);
      followers.listen(heard.id, heard.uris);
      onFollowed();
    }
    const over = cancelledIn(message as Received);
    if (over !== undefined) followers.over(over);
    received?.(message);
  };
  const closed = transport.onclose;
  transport.onclose = () => {
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
}

function listeningIn({ method, id, params }: Received): Listening | undefined {
  if (method !== "subscriptions/listen" || id === undefined) return undefined;
  const wanted = params?.["notifications"] as { readonly resourceSubscriptions?: unknown } | null | undefined;
  const uris = Array.isArray(wanted?.resourceSubscriptions) ? wanted.resourceSubscriptions.slice(0, MAX_LISTENED) : [];
  const client = (params?.["_meta"] as Readonly<Record<string, unknown>> | null | undefined)?.[CLIENT_INFO_META_KEY];
  const name = (client as { readonly name?: unknown } | null | undefined)?.name;
  return { id, uris: uris.filter((uri) => typeof uri === "string"), clientName: typeof name === "string" ? name : undefined };
}

function cancelledIn({ method, params }: Received): string | number | undefined {
  const id = method === "notifications/cancelled" ? params?.["requestId"] : undefined;
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}
