/**
 * `/mcp`: MCP over Streamable HTTP, in every era that there is. Here is the order in which a request is looked at, and nothing
 * of what a tool does; whose page it may come from has been looked at before any route (`../http/guard.ts`).
 */
import type { Socket } from "node:net";
import { isJsonContentType, isJSONRPCRequest } from "@modelcontextprotocol/server";
import { type Context, Hono } from "hono";
import type { Log } from "../../log.ts";
import { unfitArray } from "../../mcp/arrays.ts";
import { createPlainCalls } from "../../mcp/plain-call.ts";
import { networkOf } from "../http/pace.ts";
import { type Peer, peerOf } from "../http/peer.ts";
import { createReadingRoom, type Claim, type ReadingRoom } from "../http/reading-room.ts";
import { barredResponse, CODE, idOf, refusal } from "./errors.ts";
import { forPage, preflight } from "./for-page.ts";
import { type Env, HttpVisit } from "./http-visit.ts";
import { createLegacy } from "./legacy/legacy.ts";
import { eraOf, isModernVersion, messageOf } from "./messages.ts";
import { createModern } from "./modern.ts";
import { MCP_PATHS } from "./paths.ts";
import type { Caller, Callers, Wire } from "./ports.ts";
import { isManifold, readBody } from "./request-body.ts";
import { selectionIn } from "./selection-in.ts";
import type { Serve } from "./serving.ts";
import type { SessionStore } from "./session-store.ts";
import { createStays, endedBy, holds } from "./stays.ts";

export interface McpEdgeOptions {
  /** The session that a path names, or that is meant where it names none; or how it is said that there is none. */
  readonly sessionAt: (named: string | undefined) => string | undefined | { readonly notFound: string };
  readonly serve: Serve;
  readonly callers: Callers;
  readonly sessions: SessionStore;
  readonly onActivity: () => void;
  /** Most streams of 2026 that are open at once. */
  readonly mostListeners?: number | undefined;
  /** Where messages are that come or are kept until they are answered. */
  readonly reading?: ReadingRoom | undefined;
  readonly log: Log;
}

export interface McpEdge extends Disposable {
  readonly routes: Hono;
  /** What those routes answer with, for whoever knows already that a request is for them. */
  readonly answer: (context: Context) => Promise<Response>;
  /** Whether somebody waits for an answer or listens. */
  readonly isBusy: () => boolean;
  /** Sends away whose credential is given out no more; gives how many those were. */
  readonly dismiss: () => number;
  /** Ends what is open, for a handover, behind what is about to be answered: clients come again, and find their sessions. */
  readonly hold: () => Promise<void>;
}

/** Bytes of one message: the longest file that a tool takes, with every character escaped, as the bridge takes it. */
const MAX_BODY_BYTES = 48 * 1024 * 1024;

/** Bytes of a message of somebody who may only read. */
const MAX_READERS_BYTES = 1024 * 1024;

const MANIFOLD = "a message has too many members and elements; send less at once";

const WHICH_SESSION = "the address has to say which session is meant: connect to /session/<id>/mcp";

export function createMcpEdge(options: McpEdgeOptions): McpEdge {
  const { sessionAt, serve, callers, sessions, onActivity, mostListeners, reading = createReadingRoom(), log } = options;
  const stays = createStays();
  const legacy = createLegacy({ serve, callers, sessions, log });
  const modern = createModern(log, mostListeners);
  const calls = createPlainCalls();
  /** Looked up once for a connection, however many requests come over it. */
  const owners = new WeakMap<Socket, Promise<Peer>>();
  let served = 0;

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

  async function placeOf(request: Request, env: Env, named: string | undefined): Promise<string | Response> {
    const at = sessionAt(named);
    if (typeof at === "string") return at;
    if (at !== undefined) return refusal(404, CODE.request, at.notFound);
    const own = await callers.sessionFor(request, wireOf(env));
    if (own === undefined) return refusal(404, CODE.request, WHICH_SESSION);
    return typeof own === "string" ? own : barredResponse(own);
  }

  /** Whoever it is by what it shows, before its body is read: nobody unknown fills the memory. */
  async function judged(request: Request, env: Env, sessionId: string): Promise<Judged | Response> {
    const isPost = request.method === "POST";
    const caller = await callers.judge(request, isPost ? "to come" : NOTHING, sessionId, wireOf(env));
    if ("status" in caller) return barredResponse(caller);
    const sender = caller.identity?.fingerprint ?? `from ${networkOf(env.incoming.socket.remoteAddress ?? "")}`;
    if (!isPost) return { caller, sender, bytes: NOTHING };
    const bytes = await bodyOf(env, caller.mayWrite ? MAX_BODY_BYTES : MAX_READERS_BYTES, reading.claim(sender));
    if (bytes instanceof Response) return bytes;
    const barred = callers.barredByBody(request, bytes);
    if (barred !== undefined) return barredResponse(barred);
    // A body may take minutes, in which its credential is given out no more.
    return holds(callers, caller, sessionId) ? { caller, sender, bytes } : endedBy("credential");
  }

  async function respond(context: Context): Promise<Response> {
    const request = context.req.raw;
    const env = context.env as Env;
    const unfit = unfitOf(request, env);
    if (unfit !== undefined) return unfit;
    const sessionId = await placeOf(request, env, context.req.param("session"));
    if (sessionId instanceof Response) return sessionId;
    const known = await judged(request, env, sessionId);
    if (known instanceof Response) return known;
    if (stays.isHeld) return endedBy("handover");
    const selection = selectionIn(request);
    const serving = serve(sessionId, selection);
    if ("refused" in serving) return refusal(400, CODE.params, serving.refused);
    const visit = new HttpVisit({ request, env, caller: known.caller, sessionId, selection, serving, stays });
    if (request.method !== "POST") return otherMethod(visit);
    const room = reading.claim(known.sender);
    if (!room.holds(known.bytes.length)) return noRoom();
    visit.keep(room);
    return untilAnswered(visit, post(visit, env, known.bytes));
  }

  /** A message is kept as long as its sender waits for the answer, and takes room as long; the bytes that it was are not. */
  async function untilAnswered(visit: HttpVisit, answering: Promise<Response>): Promise<Response> {
    try {
      return await answering;
    } catch (error) {
      visit.ended();
      throw error;
    } finally {
      visit.answered();
    }
  }

  async function post(visit: HttpVisit, env: Env, bytes: Buffer): Promise<Response> {
    if (isManifold(bytes)) return refusal(413, CODE.server, MANIFOLD);
    let body: unknown;
    try {
      body = JSON.parse(bytes.toString());
    } catch (error) {
      return refusal(400, CODE.parse, `Parse error: ${(error as Error).message}`);
    }
    const version = visit.request.headers.get("mcp-protocol-version");
    if (Array.isArray(body)) {
      const unfit = unfitArray(body, isModernVersion(version));
      if (unfit !== undefined) return refusal(400, CODE.request, unfit);
      const barred = callers.barredByNumber(visit.caller, Math.max(0, body.length - 1), wireOf(env));
      if (barred !== undefined) return barredResponse(barred);
      return legacy.post(visit, { messages: body.map(messageOf), isBatch: true });
    }
    const lacking = barByScope(visit, body);
    if (lacking !== undefined) return lacking;
    const call = calls.in2026(body, visit.request.headers);
    if (call !== undefined || eraOf(body, version) === "modern") return modern.post(visit, body, { bytes: bytes.length, call });
    const message = messageOf(body);
    if (message.kind === "none")
      return refusal(400, CODE.request, "the body is no JSON-RPC message, and no array of them", { id: idOf(body) });
    return legacy.post(visit, { messages: [message], isBatch: false });
  }

  /** A lone call of a tool that writes, by a credential that gives no right to it: its host may ask for one that does. */
  function barByScope({ caller, serving, request }: HttpVisit, body: unknown): Response | undefined {
    if (caller.kind !== "proven" || caller.mayWrite || !isJSONRPCRequest(body) || body.method !== "tools/call") return undefined;
    const tool = body.params?.["name"];
    if (typeof tool !== "string" || !serving.writes(tool)) return undefined;
    return barredResponse(callers.barredFromWriting(caller, request), body.id);
  }

  async function otherMethod(visit: HttpVisit): Promise<Response> {
    const { method, headers } = visit.request;
    const version = headers.get("mcp-protocol-version");
    if (isModernVersion(version)) {
      return refusal(405, CODE.server, `Method not allowed: ${version} has POST alone`, { headers: { allow: "POST" } });
    }
    return method === "GET" ? legacy.get(visit) : legacy.delete(visit);
  }

  async function answer(context: Context): Promise<Response> {
    onActivity();
    served += 1;
    try {
      return forPage(context.req.raw, stays.isHeld ? endedBy("handover") : await respond(context));
    } catch (error) {
      log.error({ error: String(error) }, "MCP request broke");
      return refusal(500, CODE.internal, "an internal error stopped this request; the sidecar's log says why");
    } finally {
      served -= 1;
    }
  }

  const routes = new Hono();
  for (const path of MCP_PATHS) routes.all(path, answer);

  return {
    routes,
    answer,
    isBusy: () => served > 0 || stays.size > 0,
    dismiss: () => stays.dismiss(callers),
    hold: () => stays.hold(),
    [Symbol.dispose]() {
      stays.endAll();
      legacy[Symbol.dispose]();
    },
  };
}

const NOTHING = Buffer.alloc(0);

interface Judged {
  readonly caller: Caller;
  /** Whose room its message takes. */
  readonly sender: string;
  readonly bytes: Buffer;
}

/** What is wrong with a request whoever it is from. */
function unfitOf({ method, headers }: Request, { incoming }: Env): Response | undefined {
  if (method === "GET")
    return takes(headers, "text/event-stream") ? undefined : refusal(406, CODE.server, "a stream is sent: accept text/event-stream");
  if (method === "DELETE") return undefined;
  if (method === "OPTIONS" && headers.has("access-control-request-method")) return preflight(headers);
  if (method !== "POST") return refusal(405, CODE.server, "Method not allowed.", { headers: { allow: "GET, POST, DELETE" } });
  if (!isJsonContentType(headers.get("content-type"))) {
    return refusal(415, CODE.server, "Unsupported Media Type: Content-Type must be application/json");
  }
  return Number(incoming.headers["content-length"] ?? 0) > MAX_BODY_BYTES ? tooLong(MAX_BODY_BYTES) : undefined;
}

function takes(headers: Headers, type: string): boolean {
  const accept = headers.get("accept");
  return accept === null || accept.includes(type) || accept.includes("*/*");
}

async function bodyOf({ incoming }: Env, maxBytes: number, claim: Claim): Promise<Buffer | Response> {
  const body = await readBody(incoming, maxBytes, claim);
  if ("bytes" in body) return body.bytes;
  if (body.refused === "no-room") return noRoom();
  return body.refused === "broken-off" ? refusal(400, CODE.parse, "the body of this request broke off") : tooLong(maxBytes);
}

function noRoom(): Response {
  const headers = { "retry-after": "1" };
  return refusal(503, CODE.server, "as much of long messages is under way as there is room for; send this again", { headers });
}

function tooLong(maxBytes: number): Response {
  return refusal(413, CODE.server, `a message may have ${maxBytes} bytes here; send less at once, or sign in where you may only read`);
}
