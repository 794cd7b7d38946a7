/**
 * `/api/bus/*`: bus-mcp's interface to lanes and the blackboard, and what we have beside it.
 *
 * This edge holds no rule of a lane. It finds who asks, checks the secret before it looks at what is asked, and holds each
 * name and each body to its form. Every answer is an object, every refusal one with `detail`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Context, Hono } from "hono";
import type { Log } from "../../engine/log.ts";
import { createAtOnce } from "../http/at-once.ts";
import type { Admission, Door } from "../http/door.ts";
import { networkOf } from "../http/pace.ts";
import { type Peer, peerOf } from "../http/peer.ts";
import { createReadingRoom, type ReadingRoom } from "../http/reading-room.ts";
import { eventStream } from "../http/sse.ts";
import { type Answer, failed, invalid } from "./answers.ts";
import type { BoardEdge } from "./board-edge.ts";
import { type Caller, callerOf, type Fingerprints } from "./caller.ts";
import { createGuests } from "../http/guests.ts";
import { partsOf, routeOf } from "./paths.ts";
import { carryOut } from "./requests.ts";
import { isSecret } from "./secret.ts";
import { EventsQuery, read } from "../../wire/bus/bodies.ts";

export interface BusOptions {
  readonly door: Door;
  /** The session that a path names, or the one there is when it names none; or how it is said that there is none. */
  readonly sessionAt: (named: string | undefined) => string | { readonly notFound: string };
  /** The board of a session, and what the session knows of names. */
  readonly visit: (sessionId: string) => Promise<{ readonly board: BoardEdge; readonly fingerprintsOf: Fingerprints }>;
  /** How long the bearer of a credential has to wait for being faster than it may, in milliseconds; what waits longer than `mostMs` does not count. */
  readonly paceOf?: ((fingerprint: string, mostMs: number) => number) | undefined;
  /** Where bodies are that are still coming. */
  readonly reading?: ReadingRoom | undefined;
  /** What writes have to bring now. */
  readonly writeSecret: () => string | undefined;
  readonly onActivity: () => void;
  readonly log: Log;
}

export interface Bus {
  readonly routes: Hono;
  /** Whether somebody waits for an answer or follows the events. */
  readonly isBusy: () => boolean;
  /** Sends away who stays by a token that is given out no more, and gives how many those were. */
  readonly dismiss: () => number;
}

/** How long an answer is put off for whoever is too fast, in milliseconds; who would have to wait longer is told so. */
const MAX_PUT_OFF_MS = 5_000;

/** Answers of one reader that are made, or were and are not read yet, before the next is made. */
const MOST_UNREAD = 4;

const UNREAD = "answers that were asked for before are not read yet: read those, or close their connections, and ask again";

const SOMEBODY_ELSES = "this token was given to somebody else while it waited; ask again as whoever it is for now";

export function createBus(options: BusOptions): Bus {
  const { door, sessionAt, visit, paceOf = () => 0, reading = createReadingRoom(), writeSecret, onActivity, log } = options;

  let served = 0;
  const guests = createGuests();
  const unread = createAtOnce(MOST_UNREAD);
  /** Looked up once for a connection, however many requests come over it. */
  const owners = new WeakMap<Socket, Promise<Peer>>();

  function ownerOf(socket: Socket): Promise<Peer> {
    const owner = owners.get(socket) ?? peerOf(socket);
    owners.set(socket, owner);
    return owner;
  }

  async function answer(context: Context): Promise<Answer | Response> {
    const request = context.req.raw;
    const { incoming, outgoing } = context.env as { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
    const { session, parts } = partsOf(new URL(request.url).pathname);
    const sessionId = sessionAt(session);
    if (typeof sessionId === "object") return failed(404, sessionId.notFound);
    const found = routeOf(request.method, parts);
    if ("status" in found) return found;

    const principal = request.headers.get("x-signalbox-principal") ?? undefined;
    const { authorization } = incoming.headers;
    const greeting = { authorization, principal, sessionId, peer: () => ownerOf(incoming.socket) };
    const caller = await callerOf(door, greeting);
    if ("status" in caller) return caller;
    const putOffMs = caller.kind === "token" ? paceOf(caller.fingerprint, MAX_PUT_OFF_MS) : 0;
    if (putOffMs > MAX_PUT_OFF_MS) {
      return failed(429, "this token asks more than the bus answers; slow down", { "retry-after": String(Math.ceil(putOffMs / 1000)) });
    }
    if (putOffMs > 0) await pause(putOffMs, undefined, { ref: false });
    const secret = writeSecret();
    if (found.isWrite && secret !== undefined && !isSecret(request.headers.get("x-bus-secret") ?? undefined, secret)) {
      return failed(401, "X-Bus-Secret is missing or wrong: writes need what BUS_WRITE_SECRET of the sidecar says");
    }
    if ("status" in found.route) return found.route;
    const visited = await visit(sessionId);
    const mayStay = (): boolean => isStill(caller, door.admitHeader(authorization, sessionId));
    if (found.route.name === "events") return follow(visited.board, request, mayStay);
    using guest = guests.take(request, mayStay);
    const writes = secret === undefined ? "open" : "armed";
    const sender = senderOf(caller, incoming.socket);
    const { name } = found.route;
    if ((name === "messages" || name === "status") && !(await hasRead(sender, outgoing)))
      return failed(503, UNREAD, { "retry-after": "1" });
    using claim = reading.claim(sender);
    const answered = await carryOut(found.route, { request, claim, guest, caller, ...visited, writes, stillHolds: mayStay });
    if (!guest.isSentAway) return answered;
    const again = await callerOf(door, greeting);
    return "status" in again ? again : failed(401, SOMEBODY_ELSES, { "www-authenticate": "Bearer" });
  }

  const routes = new Hono();
  for (const path of ["/api/bus", "/api/bus/*", "/session/:session/api/bus", "/session/:session/api/bus/*"]) {
    routes.all(path, async (context) => {
      onActivity();
      served += 1;
      const answered = await answer(context)
        .catch(broken)
        .finally(() => (served -= 1));
      if (answered instanceof Response) return answered;
      const { status, body, headers = {} } = answered;
      return context.json(body, status, { ...headers });
    });
  }
  return { routes, isBusy: () => served > 0, dismiss: () => guests.dismiss() };

  /** Waits until it has read enough of what it asked before: who reads nothing has nothing more made. False when it does not, or is gone. */
  async function hasRead(reader: string, outgoing: ServerResponse): Promise<boolean> {
    const turn = await unread.turn(reader, AbortSignal.timeout(MAX_PUT_OFF_MS)).catch(() => undefined);
    if (turn === undefined) return false;
    // One that waited for its turn on a connection is destroyed with that, and may have said so before.
    if (outgoing.destroyed) turn[Symbol.dispose]();
    else outgoing.once("close", () => turn[Symbol.dispose]());
    return !outgoing.destroyed;
  }

  function follow(board: BoardEdge, request: Request, mayStay: () => boolean): Answer | Response {
    const last = request.headers.get("last-event-id") ?? new URL(request.url).searchParams.get("after") ?? "";
    const query = read(EventsQuery, last === "" ? {} : { after: last }, ["query"]);
    if ("flaws" in query) return invalid(query.flaws);
    const guest = guests.take(request, mayStay);
    return eventStream(guest, (signal) => {
      signal.addEventListener("abort", () => guest[Symbol.dispose]());
      return counted(board.events(query.data.after, signal));
    });
  }

  async function* counted<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
    served += 1;
    try {
      yield* items;
    } finally {
      served -= 1;
      onActivity();
    }
  }

  function broken(error: unknown): Answer {
    log.error({ error: String(error) }, "bus request broke");
    return failed(503, "the sidecar could not answer this now; its log says why", { "retry-after": "1" });
  }
}

/** Whose room a body takes: strangers of this machine take none of its own user's. */
function senderOf(caller: Caller, socket: Socket): string {
  if (caller.kind === "token") return caller.fingerprint;
  return caller.kind === "own" ? "own" : `from ${networkOf(socket.remoteAddress ?? "")}`;
}

/** Whether that is whom its header shows now. */
function isStill(caller: Caller, admission: Admission | undefined): boolean {
  if (admission === undefined || caller.kind !== "token") return admission === undefined || "admitted" in admission;
  return "admitted" in admission && admission.admitted !== "own" && admission.admitted.fingerprint === caller.fingerprint;
}
