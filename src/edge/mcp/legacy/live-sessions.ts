/**
 * What a session of 2025 has in this process beside its record: servers, and the streams its client listens on. All of it is made
 * anew from the record when it is not there, so that a session outlives the process.
 */
import type { JSONRPCMessage, JSONRPCRequest } from "@modelcontextprotocol/server";
import type { McpSession } from "../../../core/mcp/read.ts";
import type { Serving } from "../serving.ts";
import type { SessionStore } from "../session-store.ts";
import type { Outlet } from "./outlet.ts";
import { eventText } from "./events.ts";
import { LegacyTransport } from "./transport.ts";

/** Servers that one session has at once: its client may choose other tools with each request. */
const MAX_SERVERS = 4;

/** Streams that one session's client may listen on at once; the oldest ends when there are more. */
const MAX_OUTLETS = 4;

export interface LiveSession {
  /** Those it listens on, the newest last: what is said goes to that one alone. */
  readonly outlets: Outlet[];
  /** The server that `initialize` was said to; the record knows less of the client than that one. */
  adopt(serving: Serving, transport: LegacyTransport): void;
  /** What a server says of itself: to the newest stream; false where there is none. */
  tell(message: JSONRPCMessage): boolean;
  /** The server for those tools. */
  serverFor(serving: Serving): Promise<LegacyTransport>;
  /** All that may wait for an answer of the client. */
  servers(): Promise<readonly LegacyTransport[]>;
  listen(outlet: Outlet): void;
  close(): void;
}

/** A session that a request came in. */
export interface InSession {
  /** As its client knows it. */
  readonly id: string;
  readonly record: McpSession;
  readonly live: LiveSession;
}

/** The first revision whose clients take an event that says nothing but where to go on. */
export const PRIMED_FROM = "2025-11-25";

export interface Initialized {
  readonly transport: LegacyTransport;
  /** The answer to `initialize`. */
  readonly answer: object | undefined;
}

export async function connect(serving: Serving, tell: (message: JSONRPCMessage) => boolean): Promise<LegacyTransport> {
  const transport = new LegacyTransport(tell);
  await serving.makeServer("legacy").connect(transport);
  return transport;
}

/** Makes a server and says `initialize` to it. @param tell - takes what the server says of itself */
export async function initialize(
  serving: Serving,
  request: JSONRPCRequest,
  tell: (message: JSONRPCMessage) => boolean,
): Promise<Initialized> {
  const transport = await connect(serving, tell);
  const answer = await new Promise<object | undefined>((resolve) => {
    transport.ask(request, { tell: () => false, answer: resolve }, {});
  });
  return { transport, answer };
}

export function createLiveSession(record: McpSession): LiveSession {
  const outlets: Outlet[] = [];
  const made = new Map<Serving, Promise<LegacyTransport>>();
  let isClosed = false;

  function tell(message: JSONRPCMessage): boolean {
    const outlet = outlets.at(-1);
    outlet?.send(eventText({ data: JSON.stringify(message) }));
    return outlet !== undefined;
  }

  async function make(serving: Serving): Promise<LegacyTransport> {
    const { protocolVersion, capabilities, clientInfo } = record;
    const params = { protocolVersion, capabilities, clientInfo };
    const { transport } = await initialize(serving, { jsonrpc: "2.0", id: 0, method: "initialize", params }, tell);
    return transport;
  }

  return {
    outlets,
    tell,
    adopt: (serving, transport) => void made.set(serving, Promise.resolve(transport)),
    serverFor(serving) {
      const standing = made.get(serving);
      if (standing !== undefined) return standing;
      const [oldest] = made.keys();
      // What is under way in it goes on, and has its answer: it is only found no more.
      if (made.size >= MAX_SERVERS && oldest !== undefined) made.delete(oldest);
      const server = make(serving);
      made.set(serving, server);
      server.catch(() => made.delete(serving));
      return server;
    },
    servers: () => Promise.all(made.values()),
    listen(outlet) {
      if (isClosed) return outlet.end();
      outlets.push(outlet);
      if (outlets.length > MAX_OUTLETS) outlets[0]?.end();
    },
    close() {
      isClosed = true;
      while (outlets.length > 0) outlets.pop()?.end();
      for (const server of made.values()) void server.then((transport) => transport.close());
      made.clear();
    },
  };
}

/** The live half of each session that is open. */
export interface LiveSessions extends Disposable {
  of(record: McpSession): LiveSession;
}

/** @param onClosed - hears of each that has ended */
export function createLiveSessions(sessions: SessionStore, onClosed: (live: LiveSession) => void): LiveSessions {
  const living = new Map<string, LiveSession>();
  const hearing = sessions.onClosed((_sessionId, idHash) => {
    const live = living.get(idHash);
    living.delete(idHash);
    if (live === undefined) return;
    live.close();
    onClosed(live);
  });
  return {
    of(record) {
      const live = living.get(record.idHash) ?? createLiveSession(record);
      living.set(record.idHash, live);
      return live;
    },
    [Symbol.dispose]() {
      hearing[Symbol.dispose]();
      for (const live of living.values()) live.close();
      living.clear();
    },
  };
}
