/**
 * 2026-07-28: each request for itself, by the SDK's own handler, except for plain calls of tools and plain listeners. What that one
 * streams goes out through an outlet of ours, so that a reader that does not read is let go here as well.
 */
import { CLIENT_INFO_META_KEY, createMcpHandler, type McpHttpHandler, type ServerEventBus } from "@modelcontextprotocol/server";
import type { Log } from "../../log.ts";
import type { PlainCall, PlainClient } from "../../mcp/plain-call.ts";
import { plainListenIn } from "../../mcp/plain-listen.ts";
import { LONGEST_URI } from "../../tools/resources/uri.ts";
import { CODE, idOf, refusal } from "./errors.ts";
import { isAbout } from "./gathered.ts";
import type { HttpVisit } from "./http-visit.ts";
import { listenPlainly } from "./listen-plainly.ts";
import { createListeners } from "./listeners.ts";
import type { Listening } from "./listening.ts";
import { createOutlet, type Outlet, STREAM_HEADERS } from "./legacy/outlet.ts";
import type { Listener, Visit } from "./serving.ts";
import { endedBy } from "./stays.ts";
import { createTurns } from "./turns.ts";

export interface Modern {
  post(visit: HttpVisit, body: unknown, said: Said): Promise<Response>;
}

/** What is known of a body beside what it says. */
export interface Said {
  /** How long its text is. */
  readonly bytes: number;
  /** That it is, where it is a plain one. */
  readonly call: (PlainCall & PlainClient) | undefined;
}

/** Resources that one stream follows: as many as a session of 2025 does. */
const MAX_URIS = 256;

/** When a client may try again that found no room, in seconds. */
const RETRY_SEC = 5;

const OPTIONS = { legacy: "reject", keepAliveMs: 0 } as const;

export function createModern(log: Log, mostListeners?: number): Modern {
  const handler = createMcpHandler(serverOf, OPTIONS);
  const listeners = createListeners({ mostStreams: mostListeners });
  const turns = createTurns<Listening>((listening) => listening.tell());

  /** One that is not plain, by a handler of its own, whose events are those that this listener may hear of. */
  async function listen(visit: HttpVisit, body: object, bytes: number): Promise<Response> {
    const uris = new Set(urisIn(body));
    if (uris.size > MAX_URIS) {
      return refusal(400, CODE.params, `one stream follows at most ${MAX_URIS} resources; open another for more`, { id: idOf(body) });
    }
    if ([...uris].some(({ length }) => length > LONGEST_URI)) {
      return refusal(400, CODE.params, `the address of a resource has at most ${LONGEST_URI} characters`, { id: idOf(body) });
    }
    const joined = listeners.join(visit.caller.identity?.fingerprint ?? "anybody", { bytes, resources: uris.size });
    if (joined === undefined) {
      const message = "as much is listened to here as there is room for; listen to less, or try again";
      return refusal(503, CODE.server, message, { id: idOf(body), headers: { "retry-after": String(RETRY_SEC) } });
    }
    const { listening: served } = visit.serving;
    const plain = served === undefined ? undefined : plainListenIn(body, visit.request.headers);
    if (served !== undefined && plain !== undefined) return listenPlainly(visit, plain, { served, turns, joined });
    const stop = new AbortController();
    let outlet: Outlet | undefined;
    const listener = { visit, clientName: nameIn(body), after: undefined, signal: stop.signal };
    const bus = visit.serving.bus ?? changesTo(listener, { uris, taken: () => outlet?.drained() ?? Promise.resolve(), log });
    const own = createMcpHandler(serverOf, { ...OPTIONS, bus });
    const response = await ask(own, visit, body).catch((cause: unknown) => {
      joined[Symbol.dispose]();
      throw cause;
    });
    if (!isStream(response)) {
      joined[Symbol.dispose]();
      return response;
    }
    outlet = outletFor(response, () => {
      joined[Symbol.dispose]();
      stop.abort();
      visit.ended();
    });
    visit.stay(() => void own.close());
    return new Response(outlet.body, { headers: STREAM_HEADERS });
  }

  return {
    async post(visit, body, { bytes, call }) {
      if (isListen(body)) return listen(visit, body, bytes);
      visit.stayForCall((reason) => visit.sendAway(reason));
      if (visit.sentAway !== undefined) {
        visit.ended();
        return endedBy(visit.sentAway);
      }
      const plain = call === undefined ? undefined : await plainly(visit, call);
      const response = plain ?? (await ask(handler, visit, body));
      if (plain !== undefined || !isStream(response)) {
        visit.ended();
        if (visit.sentAway === undefined) return response;
        visit.withdrawn();
        return endedBy(visit.sentAway);
      }
      return new Response(outletFor(response, () => visit.ended()).body, { headers: STREAM_HEADERS });
    },
  };
}

async function plainly(visit: HttpVisit, call: PlainCall & PlainClient): Promise<Response | undefined> {
  const answered = await visit.serving.plainly?.(call, call, { era: "modern", visit }, visit);
  return answered === undefined ? undefined : new Response(JSON.stringify(answered), JSON_HEADERS);
}

const JSON_HEADERS = { headers: { "content-type": "application/json" } };

function serverOf({ authInfo }: { readonly authInfo?: { readonly extra?: Record<string, unknown> } }) {
  const visit = authInfo?.extra?.["visit"] as Visit;
  return visit.serving.makeServer("modern");
}

function ask(handler: McpHttpHandler, visit: HttpVisit, parsedBody: unknown): Promise<Response> {
  return handler.fetch(visit.asRequest(), { authInfo: visit.authInfo, parsedBody });
}

function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** What the SDK streams, through a bound; when either end is over, so is the other. */
function outletFor(response: Response, onEnd: () => void): Outlet {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const outlet = createOutlet({
    onEnd() {
      reader.cancel().catch(() => undefined);
      onEnd();
    },
  });
  async function relay(): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return outlet.end();
      outlet.send(value);
    }
  }
  relay().catch(() => outlet.end());
  return outlet;
}

interface Following {
  readonly uris: ReadonlySet<string>;
  /** Resolves when what was said has been taken. */
  readonly taken: () => Promise<void>;
  readonly log: Log;
}

/** What changes for one listener, as the SDK takes it. */
function changesTo(listener: Listener, { uris, taken, log }: Following): ServerEventBus {
  const { serving } = listener.visit;
  async function tell(hear: Parameters<ServerEventBus["subscribe"]>[0], signal: AbortSignal): Promise<void> {
    for await (const change of (await serving.follow?.({ ...listener, signal })) ?? []) {
      for (const uri of uris) if (isAbout(change, uri)) hear({ kind: "resource_updated", uri });
      await taken(); // the log keeps what this reader is too slow for
    }
  }
  return {
    publish: () => undefined,
    subscribe(hear) {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, listener.signal]);
      tell(hear, signal).catch((error: unknown) => log.warn({ error: String(error) }, "changes cannot be followed"));
      return () => stop.abort();
    },
  };
}

function isListen(body: unknown): body is object {
  return typeof body === "object" && body !== null && "method" in body && body.method === "subscriptions/listen";
}

interface ListenParams {
  readonly notifications?: { readonly resourceSubscriptions?: unknown };
  readonly _meta?: Readonly<Record<string, { readonly name?: unknown } | undefined>>;
}

function urisIn(body: object): readonly string[] {
  const asked = (body as { readonly params?: ListenParams }).params?.notifications?.resourceSubscriptions;
  return Array.isArray(asked) ? asked.filter((uri) => typeof uri === "string") : [];
}

function nameIn(body: object): string | undefined {
  const name = (body as { readonly params?: ListenParams }).params?._meta?.[CLIENT_INFO_META_KEY]?.name;
  return typeof name === "string" ? name : undefined;
}
