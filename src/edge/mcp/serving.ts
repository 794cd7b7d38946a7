/**
 * What the HTTP stack of this edge serves: servers of the SDK, made of whatever face there is. The product's own stands on the
 * tools; that of the official conformance suite is another, over the very same checks, limits, sessions and streams:
 *
 *     const bus = new InMemoryServerEventBus();
 *     const serving = { makeServer: () => conformanceServer(changed), writes: () => false, bus };
 *     const edge = createMcpEdge({ sessionAt: () => "suite", serve: () => serving, callers, sessions, onActivity, log });
 *     await listen({ host: "127.0.0.1", port, allowedOrigins: [], routes: edge.routes, upgrade });
 */
import type { Server, ServerEventBus } from "@modelcontextprotocol/server";
import type { AnswerPlainly } from "../../mcp/plain-call.ts";
import type { ListenWords } from "../../mcp/plain-listen.ts";
import type { Settle } from "../../tools/ports/settle.ts";
import type { Selection } from "../../tools/selection.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { Caller, Change, Watcher } from "./ports.ts";

/** One HTTP request: what the tools are told of it (`Asked.visit`). */
export interface Visit {
  /** Of this very request. */
  readonly caller: Caller;
  /** The coordination session that it is about. */
  readonly sessionId: string;
  /** The tools that it may use. */
  readonly serving: Serving;
  /** Whether a question to the person gets through from here. */
  readonly carriesQuestions: boolean;
  /** The session of 2025 that it came in, and what its client follows there. */
  readonly followed?: Followed | undefined;
  /** Is told, once, whether the answer to this request has left; what that gives is done when it turns out that nobody read it. */
  onLeft(hear: Settle): void;
}

/** What the client of a session follows there; each says why it was refused. */
export interface Followed {
  subscribe(uri: string): Promise<Rejection | undefined>;
  unsubscribe(uri: string): Promise<Rejection | undefined>;
}

/** What is served to those who chose the same. */
export interface Serving {
  /** A server of its own for each session, each request without one of 2026, and all requests without one of 2025. */
  makeServer(era: "legacy" | "modern"): Server;
  /** Answers a call that is plain without such a server, where that gives the same. */
  readonly plainly?: AnswerPlainly;
  /** Whether a tool changes something, so that a call of it is held against the credential of its own request. */
  writes(tool: string): boolean;
  /** What changes for whoever listens, and is there while it does. @throws BadCursor */
  readonly follow?: (listener: Listener) => Promise<AsyncIterable<Change>>;
  /** Tells listeners of 2026 that are plain what changes, without such a server, where something can be followed. */
  readonly listening?: ServedListening | undefined;
  /** Where changes come from in 2026 that nobody follows in a log. */
  readonly bus?: ServerEventBus;
}

export interface ServedListening {
  readonly words: ListenWords;
  /** Its visitor is there until that is disposed of. */
  watch(listener: PlainListener): Promise<Disposable>;
}

export interface PlainListener extends Pick<Watcher, "uris" | "tell"> {
  readonly visit: Visit;
  readonly clientName: string | undefined;
}

export interface Listener {
  readonly visit: Visit;
  readonly clientName: string | undefined;
  /** Where it goes on; from now on without one. */
  readonly after: string | undefined;
  readonly signal: AbortSignal;
}

/** The tools that a request chose, and the sentence for a name that there is not. */
export type Serve = (sessionId: string, selection: Selection) => Serving | { readonly refused: string };
