/**
 * The eras before 2026: POST, GET and DELETE, with a session or without one.
 *
 * A session belongs to the credential that opened it, and stands for none: each request is judged by what it shows itself. In a
 * session that nobody's credential opened, everybody does what its own request may.
 */
import { type JSONRPCRequest, SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import type { McpSession } from "../../../core/mcp/read.ts";
import type { Log } from "../../../log.ts";
import type { PlainCall } from "../../../mcp/plain-call.ts";
import type { Selection } from "../../../tools/selection.ts";
import { barredResponse, CODE, errorMessage, idOf, refusal, type RequestId } from "../errors.ts";
import { ENDED, endedBy, type Reason } from "../stays.ts";
import type { HttpVisit } from "../http-visit.ts";
import type { Message } from "../messages.ts";
import type { Callers } from "../ports.ts";
import type { SessionStore } from "../session-store.ts";
import { openSession } from "./open-session.ts";
import { createKeptStreams, type KeptStream, type KeptStreams } from "./kept-streams.ts";
import { connect, createLiveSessions, type InSession, PRIMED_FROM } from "./live-sessions.ts";
import type { Outlet } from "./outlet.ts";
import { createReply, type Reply } from "./reply.ts";
import { pushTo } from "./push.ts";
import type { Beside, LegacyTransport } from "./transport.ts";
import type { Serve, Serving } from "../serving.ts";

export interface LegacyOptions {
  readonly serve: Serve;
  readonly callers: Callers;
  readonly sessions: SessionStore;
  readonly log: Log;
}

export interface Legacy extends Disposable {
  post(visit: HttpVisit, given: Given): Promise<Response>;
  get(visit: HttpVisit): Promise<Response>;
  delete(visit: HttpVisit): Promise<Response>;
}

export function createLegacy({ serve, callers, sessions, log }: LegacyOptions): Legacy {
  const kept: KeptStreams = createKeptStreams();
  const living = createLiveSessions(sessions, (live) => kept.forget(live));
  const withoutSession = new WeakMap<Serving, Promise<LegacyTransport>>();

  /** The session that a request names, or why it goes no further. */
  async function sessionOf(visit: HttpVisit, id: string, asked: RequestId = null): Promise<InSession | Response> {
    const record = await sessions.find(visit.sessionId, id);
    const own = visit.caller.identity?.fingerprint ?? null;
    if (record !== undefined && record.fingerprint !== null && own === null) {
      return barredResponse(callers.barredFromWriting(visit.caller, visit.request), asked);
    }
    if (record === undefined || (record.fingerprint !== null && record.fingerprint !== own)) {
      return refusal(404, CODE.session, "Session not found: send initialize without Mcp-Session-Id for a new one", { id: asked });
    }
    visit.serving = chosenIn(visit, record);
    return { id, record, live: living.of(record) };
  }

  /** The same for a request that is about a session and nothing else. */
  async function needSession(visit: HttpVisit): Promise<InSession | Response> {
    const { headers } = visit.request;
    const unknown = unknownVersion(headers, null);
    if (unknown !== undefined) return unknown;
    const id = headers.get("mcp-session-id");
    return id === null ? refusal(400, CODE.server, "Bad Request: Mcp-Session-Id header is required") : sessionOf(visit, id);
  }

  /** What a request chooses counts for itself; what its session chose, for requests that choose nothing, and its read-only always. */
  function chosenIn({ selection, serving, sessionId }: HttpVisit, record: McpSession): Serving {
    const chosen = record.selection as Selection;
    const isSilent = Object.keys(selection).length === 0;
    if (isSilent ? Object.keys(chosen).length === 0 : chosen.readOnly !== true) return serving;
    const served = serve(sessionId, isSilent ? chosen : { ...selection, readOnly: true });
    return "refused" in served ? serving : served;
  }

  function serverWithoutSession(serving: Serving): Promise<LegacyTransport> {
    const standing = withoutSession.get(serving);
    if (standing !== undefined) return standing;
    // All who have no session share one: it is told nothing of any client, and so asks none.
    const made = connect(serving, () => false);
    withoutSession.set(serving, made);
    return made;
  }

  async function post(visit: HttpVisit, given: Given): Promise<Response> {
    const [first] = given.messages;
    const alone = given.isBatch ? undefined : first;
    const id = idOf(alone?.message);

    const { headers } = visit.request;
    const sessionId = headers.get("mcp-session-id");
    if (alone?.kind === "request" && alone.message.method === "initialize") {
      const standing = sessionId === null ? undefined : await sessionOf(visit, sessionId, id);
      if (standing !== undefined && !(standing instanceof Response)) {
        return refusal(400, CODE.request, "this session is initialized; leave Mcp-Session-Id out for a new one", { id });
      }
      return openSession({ sessions, living, log }, visit, alone.message);
    }
    const unknown = unknownVersion(headers, id);
    if (unknown !== undefined) return unknown;
    const named = sessionId === null ? undefined : await sessionOf(visit, sessionId, id);
    if (named instanceof Response) return named;
    if (alone?.kind === "response" && named === undefined) {
      return refusal(400, CODE.request, "nothing was asked of you without a session; send what you answer with its Mcp-Session-Id");
    }
    const barred = alone?.kind === "request" && named !== undefined ? barWrite(visit, alone.message) : undefined;
    return barred ?? answer(visit, given, named);
  }

  /** A lone call in a session, of a tool that writes, by whoever may not: its host is told to sign in. */
  function barWrite(visit: HttpVisit, { id, method, params }: JSONRPCRequest): Response | undefined {
    const tool = params?.["name"];
    if (method !== "tools/call" || typeof tool !== "string" || visit.caller.mayWrite) return undefined;
    return visit.serving.writes(tool) ? barredResponse(callers.barredFromWriting(visit.caller, visit.request), id) : undefined;
  }

  function keptFor(visit: HttpVisit, { live }: InSession, outlet: Outlet): KeptStream {
    const stream = kept.open(live, visit.caller.identity?.fingerprint ?? "anybody", outlet, visit);
    visit.keptIn(stream);
    return stream;
  }

  async function answer(visit: HttpVisit, given: Given, named: InSession | undefined): Promise<Response> {
    const server = await (named === undefined ? serverWithoutSession(visit.serving) : named.live.serverFor(visit.serving));
    const primes =
      named !== undefined && (visit.request.headers.get("mcp-protocol-version") ?? named.record.protocolVersion) >= PRIMED_FROM;
    const reply = createReply({
      form: visit.form,
      isBatch: given.isBatch,
      keep: named === undefined ? undefined : (outlet) => keptFor(visit, named, outlet),
      primes,
    });
    if (named !== undefined) visit.enter(named, sessions);
    void carryOut(visit, given.messages, { server, named, reply }).finally(() => {
      reply.finish();
      visit.ended();
    });
    return reply.response;
  }

  return {
    post,
    async get(visit) {
      const named = await needSession(visit);
      return named instanceof Response ? named : pushTo({ sessions, kept, log }, visit, named);
    },
    async delete(visit) {
      const named = await needSession(visit);
      if (named instanceof Response) return named;
      const rejection = await sessions.close(visit.sessionId, named.id);
      if (rejection !== undefined) return refusal(503, CODE.server, rejection.message);
      log.info({ mcpSession: named.id.slice(0, 8) }, "MCP session closed");
      return new Response(null, { status: 200 });
    },
    [Symbol.dispose]: () => living[Symbol.dispose](),
  };
}

/** Why nothing is answered under the revision that a request names. */
function unknownVersion(headers: Headers, id: RequestId): Response | undefined {
  const version = headers.get("mcp-protocol-version");
  if (version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version)) return undefined;
  const known = SUPPORTED_PROTOCOL_VERSIONS.join(", ");
  return refusal(400, CODE.server, `Bad Request: Unsupported protocol version ${version}; supported here are ${known}`, { id });
}

/** What one POST says. */
export interface Given {
  readonly messages: readonly Message[];
  readonly isBatch: boolean;
}

interface Exchange {
  readonly server: LegacyTransport;
  readonly named: InSession | undefined;
  readonly reply: Reply;
}

/** One message after the other: what stands behind another in an array may build on it. */
async function carryOut(visit: HttpVisit, messages: readonly Message[], { server, named, reply }: Exchange): Promise<void> {
  const { authInfo, request } = visit;
  let takeBack: (() => void) | undefined;
  let isEnded = false;
  let hasAnswered = false;
  let isTakenBack = false;
  let done = 0;
  visit.stayForCall((reason) => {
    isEnded = true;
    if (hasAnswered) refuseRest(messages.slice(done), reply, reason);
    else reply.refuse(endedBy(reason));
    takeBack?.();
  });
  for (const each of messages) {
    const { kind, message } = each;
    if (isEnded) break;
    if (kind === "request") {
      const beside = besideFor(visit, each.call, named);
      const answered = await new Promise<object | undefined>((resolve) => {
        const extra = { authInfo, request, closeSSEStream: () => void reply.part() };
        takeBack = server.ask(message, { tell: (said) => reply.tell(said), answer: resolve }, extra, beside);
      });
      if (answered === undefined) isTakenBack = true;
      else {
        hasAnswered = true;
        reply.answer(answered);
      }
    } else if (kind === "notification") {
      // Whoever has no session shares its server with others, and asks nothing there that could be taken back.
      for (const one of (await named?.live.servers()) ?? []) one.hear(message, { authInfo });
    } else if (kind === "response") {
      for (const one of (await named?.live.servers()) ?? []) if (one.hearAnswer(message, { authInfo })) break;
    } else reply.answer(errorMessage(idOf(message), { code: CODE.request, message: "this is no JSON-RPC message" }));
    done += 1;
  }
  if (isTakenBack && !hasAnswered) visit.withdrawn();
}

/** What stands before these in their array is done, and has its answer: who sent all of it again would do that twice. */
function refuseRest(messages: readonly Message[], reply: Reply, reason: Reason): void {
  for (const { kind, message } of messages) {
    if (kind === "request") reply.answer(errorMessage(message.id, { code: CODE.server, message: ENDED[reason] }));
  }
  reply.finish();
}

/** How a plain call is answered without a server. Whoever has no session has not said who it is. */
function besideFor(visit: HttpVisit, call: PlainCall | undefined, named: InSession | undefined): Beside | undefined {
  const { plainly } = visit.serving;
  if (call === undefined || plainly === undefined) return undefined;
  const client = { clientName: named?.record.clientInfo.name, capabilities: named?.record.capabilities };
  return (ends) => plainly(call, client, { era: "legacy", visit }, ends);
}
