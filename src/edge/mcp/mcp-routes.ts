/**
 * `/mcp`: MCP over Streamable HTTP, in every era that there is. Here is the order in which a request is looked at, and nothing
 * of what a tool does; whose page it may come from has been looked at before any route (`../http/guard.ts`).
 */
import type { Socket } from "node:net";
import { classifyInboundRequest, isJsonContentType, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { type Context, Hono } from "hono";
import type { Log } from "../../log.ts";
import { type Peer, peerOf } from "../http/peer.ts";
import { barredResponse, CODE, idOf, refusal } from "./errors.ts";
import { type Env, HttpVisit } from "./http-visit.ts";
import { createLegacy } from "./legacy/legacy.ts";
import { createModern } from "./modern.ts";
import type { Barred, Caller, Callers, Wire } from "./ports.ts";
import { readBody } from "./request-body.ts";
import { selectionIn } from "./selection-in.ts";
import type { Serve } from "./serving.ts";
import type { SessionStore } from "./session-store.ts";
import { createStays } from "./stays.ts";

export interface McpEdgeOptions {
  /** The session that a path names, or that is meant where it names none; or how it is said that there is none. */
  readonly sessionAt: (named: string | undefined) => string | undefined | { readonly notFound: string };
  readonly serve: Serve;
  readonly callers: Callers;
  readonly sessions: SessionStore;
  readonly onActivity: () => void;
  readonly log: Log;
}

export interface McpEdge extends Disposable {
  readonly routes: Hono;
  /** Whether somebody waits for an answer or listens. */
  readonly isBusy: () => boolean;
  /** Sends away whose credential is given out no more; gives how many those were. */
  readonly dismiss: () => number;
  /** Ends what is open, for a handover: clients come again, and find their sessions. */
  readonly hold: () => void;
}

/** Bytes of one message: the longest file that a tool takes, with every character escaped, as the bridge takes it. */
const MAX_BODY_BYTES = 48 * 1024 * 1024;

/** Bytes of messages that are being read at once, from everybody. */
const MAX_READING_BYTES = 256 * 1024 * 1024;

const WHICH_SESSION = "this credential opens more than one session: connect to /session/<id>/mcp";

export function createMcpEdge({ sessionAt, serve, callers, sessions, onActivity, log }: McpEdgeOptions): McpEdge {
  const stays = createStays();
  const legacy = createLegacy({ serve, callers, sessions, log });
  const modern = createModern(log);
  /** Looked up once for a connection, however many requests come over it. */
  const owners = new WeakMap<Socket, Promise<Peer>>();
  let served = 0;
  let readingBytes = 0;

  function wireOf({ incoming: { socket } }: Env): Wire {
    return {
      address: socket.remoteAddress,
      port: socket.localPort,
      peer() {
        const owner = owners.get(socket) ?? peerOf(socket);
        owners.set(socket, owner);
        return owner;
      },
    };
  }

  async function placeOf(request: Request, named: string | undefined): Promise<string | Response> {
    const at = sessionAt(named);
    if (typeof at === "string") return at;
    if (at !== undefined) return refusal(404, CODE.request, at.notFound);
    const own = await callers.sessionFor(request);
    if (own === undefined) return refusal(404, CODE.request, WHICH_SESSION);
    return typeof own === "string" ? own : barredResponse(own);
  }

  async function bodyOf(request: Request, { incoming }: Env): Promise<Buffer | Response> {
    if (!isJsonContentType(request.headers.get("content-type"))) {
      return refusal(415, CODE.server, "Unsupported Media Type: Content-Type must be application/json");
    }
    const length = Number(incoming.headers["content-length"] ?? MAX_BODY_BYTES);
    if (length <= MAX_BODY_BYTES && readingBytes + length > MAX_READING_BYTES) {
      return refusal(503, CODE.server, "too much is being sent to this sidecar at once; send it again", {
        headers: { "retry-after": "1" },
      });
    }
    readingBytes += length;
    const body = await readBody(incoming, MAX_BODY_BYTES).finally(() => (readingBytes -= length));
    if ("bytes" in body) return body.bytes;
    if (body.refused === "broken-off") return refusal(400, CODE.parse, "the body of this request broke off");
    return refusal(413, CODE.server, `Request body exceeds the maximum size of ${MAX_BODY_BYTES} bytes`);
  }

  async function answer(context: Context): Promise<Response> {
    const request = context.req.raw;
    const env = context.env as Env;
    const isPost = request.method === "POST";
    if (!isPost && request.method !== "GET" && request.method !== "DELETE") {
      return refusal(405, CODE.server, "Method not allowed.", { headers: { allow: "GET, POST, DELETE" } });
    }
    const sessionId = await placeOf(request, context.req.param("session"));
    if (sessionId instanceof Response) return sessionId;
    const bytes = isPost ? await bodyOf(request, env) : NOTHING;
    if (bytes instanceof Response) return bytes;
    const caller: Caller | Barred = await callers.judge(request, bytes, sessionId, wireOf(env));
    if ("status" in caller) return barredResponse(caller);
    const selection = selectionIn(request);
    const serving = serve(sessionId, selection);
    if ("refused" in serving) return refusal(400, CODE.params, serving.refused);
    const visit = new HttpVisit({ request, env, caller, sessionId, selection, serving, stays });
    if (isPost) return post(visit, bytes);
    return otherMethod(visit);
  }

  async function post(visit: HttpVisit, bytes: Uint8Array): Promise<Response> {
    let body: unknown;
    try {
      body = JSON.parse((bytes as Buffer).toString());
    } catch (error) {
      return refusal(400, CODE.parse, `Parse error: ${(error as Error).message}`);
    }
    if (Array.isArray(body)) {
      if (body.some(isModern) || isModernVersion(visit.request.headers.get("mcp-protocol-version"))) {
        return refusal(400, CODE.request, "2026-07-28 has no arrays of messages; send each by itself");
      }
      return legacy.post(visit, body);
    }
    const { headers } = visit.request;
    const version = headers.get("mcp-protocol-version");
    // What the other headers say against it is for the era's own handler.
    const outcome = classifyInboundRequest({ httpMethod: "POST", ...(version === null ? {} : { protocolVersionHeader: version }), body });
    return outcome.kind === "legacy" ? legacy.post(visit, body) : modern.post(visit, body);
  }

  async function otherMethod(visit: HttpVisit): Promise<Response> {
    const { method, headers } = visit.request;
    const version = headers.get("mcp-protocol-version");
    if (isModernVersion(version)) {
      return refusal(405, CODE.server, `Method not allowed: ${version} has POST alone`, { headers: { allow: "POST" } });
    }
    return method === "GET" ? legacy.get(visit) : legacy.delete(visit);
  }

  const routes = new Hono();
  for (const path of ["/mcp", "/session/:session/mcp"]) {
    routes.all(path, async (context) => {
      onActivity();
      served += 1;
      try {
        return await answer(context);
      } catch (error) {
        log.error({ error: String(error) }, "MCP request broke");
        return refusal(500, CODE.internal, "an internal error stopped this request; the sidecar's log says why");
      } finally {
        served -= 1;
      }
    });
  }

  return {
    routes,
    isBusy: () => served > 0 || stays.size > 0,
    dismiss: () => stays.dismiss(callers),
    hold: () => stays.endAll(),
    [Symbol.dispose]() {
      stays.endAll();
      legacy[Symbol.dispose]();
    },
  };
}

const NOTHING = Buffer.alloc(0);

/** Whether a message says that it is of 2026 or later. */
function isModern(message: unknown): boolean {
  const meta = (message as { readonly params?: { readonly _meta?: Readonly<Record<string, unknown>> } } | null)?.params?._meta;
  return meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
}

function isModernVersion(version: string | null): version is string {
  return version !== null && /^\d{4}-\d\d-\d\d$/.test(version) && version >= "2026-07-28";
}
