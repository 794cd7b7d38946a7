/**
 * The panel: one page at `/`, hosted at `/session/<id>/`, and what it reads and may do.
 *
 * The page and its files are for anybody and say nothing of a session; everything else wants a secret on every request, which
 * the page keeps to itself and sends in a header, so that no other page can borrow it.
 */
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { DashboardPart, DashboardState } from "../../wire/dashboard.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Actor } from "../../wire/record.ts";
import type { Door } from "../http/door.ts";
import { createGuests, type Guest } from "../http/guests.ts";
import { type ServerSentEvent, eventStream } from "../http/sse.ts";
import type { Assets } from "./assets.ts";
import { changes, type Followed } from "./changes.ts";
import type { Links } from "./links.ts";
import { namedIn, pageFiles, type SessionAt } from "./page-files.ts";

/** One session as the panel sees it. */
export interface Panel {
  read(): Promise<Omit<DashboardState, "at">>;
  /** What is followed to know when to read again. */
  readonly parts: Readonly<Record<DashboardPart, Followed>>;
  /** Notes that a person has seen to a flagged message; the answer goes to the page as it is. */
  acknowledge(messageId: string, actor: Actor): Promise<{ readonly status: ContentfulStatusCode; readonly body: JsonObject }>;
}

/** Keeps the session open until it is disposed. */
export interface PanelVisit extends Disposable {
  readonly panel: Panel;
}

export interface DashboardOptions {
  readonly assets: Assets | undefined;
  readonly door: Door;
  /** Where this machine's own user is let in by a link. */
  readonly links?: Links;
  readonly sessionAt: SessionAt;
  /** Undefined for a session that does not exist: looking at one makes none. */
  readonly visit: (sessionId: string) => Promise<PanelVisit | undefined>;
  /** The name under which this machine's own user acts. */
  readonly person: () => Promise<string>;
  readonly nowMs: () => number;
  /** A person has done something; a page that is only open does not count. */
  readonly onActivity: () => void;
}

/** Longest body that is read, in bytes. */
const MAX_BODY_BYTES = 4_096;

const HOW = "a token is needed here; run «signalbox dashboard» in the repository, or send Authorization: Bearer <token>";
const NO_LONGER = "this secret is not, or no longer, known here; run «signalbox dashboard» in the repository for a new address";

const smallBody = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => context.json({ detail: "the body is too long" }, 413) });

/** Whoever shows a token of the table, or this machine's own user, whom no fingerprint tells from another. */
interface Visitor {
  readonly holder?: string | undefined;
  readonly fingerprint?: string;
}

const OWN: Visitor = {};

interface Asked {
  readonly sessionId: string;
  readonly visitor: Visitor;
  /** Why whoever asked would not be let in now. */
  readonly unwanted: () => string | undefined;
}

export interface Dashboard {
  readonly routes: Hono;
  /** Ends the streams of pages whose secret opens the session no more; gives how many those were. */
  readonly dismiss: () => number;
}

export function dashboardRoutes({ assets, door, links, sessionAt, visit, person, nowMs, onActivity }: DashboardOptions): Dashboard {
  const routes = pageFiles({ assets, sessionAt });
  const guests = createGuests();

  function admit(authorization: string | undefined, sessionId: string): Visitor | { readonly refused: string } {
    if (links?.isPage(authorization) === true) return OWN;
    const admission = door.admitHeader(authorization, sessionId) ?? { refused: HOW };
    if ("refused" in admission) return authorization === undefined || links === undefined ? admission : { refused: NO_LONGER };
    const { admitted, holder } = admission;
    return admitted === "own" ? OWN : { holder, fingerprint: admitted.fingerprint };
  }

  async function actorOf({ holder, fingerprint }: Visitor): Promise<Actor> {
    if (fingerprint === undefined) return { principal: await person(), verified: "token" };
    return { principal: `person:${holder ?? `token ${fingerprint.slice(0, 8)}`}`, fingerprint, verified: "token" };
  }

  /** The session of the path and who asks, or the answer to whoever gets no further. */
  function askedBy(context: Context): Asked | Response {
    const sessionId = sessionAt(namedIn(context));
    if (typeof sessionId === "object") return context.json({ detail: sessionId.notFound }, 404);
    const authorization = context.req.header("authorization");
    const visitor = admit(authorization, sessionId);
    if ("refused" in visitor) return context.json({ detail: visitor.refused }, 401, { "www-authenticate": "Bearer" });
    const unwanted = (): string | undefined => {
      const now = admit(authorization, sessionId);
      return "refused" in now ? now.refused : undefined;
    };
    return { sessionId, visitor, unwanted };
  }

  async function withPanel(context: Context, sessionId: string, act: (panel: Panel) => Promise<Response>): Promise<Response> {
    using visiting = await visit(sessionId);
    return visiting === undefined ? noSession(context, sessionId) : await act(visiting.panel);
  }

  for (const base of ["/", "/session/:session/"]) {
    routes.get(`${base}dashboard/state`, async (context) => {
      const asked = askedBy(context);
      if (asked instanceof Response) return asked;
      return withPanel(context, asked.sessionId, async (panel) => {
        const parts = await panel.read();
        return context.json({ at: new Date(nowMs()).toISOString(), ...parts });
      });
    });

    routes.get(`${base}dashboard/events`, async (context) => {
      const asked = askedBy(context);
      if (asked instanceof Response) return asked;
      const visiting = await visit(asked.sessionId);
      if (visiting === undefined) return noSession(context, asked.sessionId);
      const guest = guests.take(context.req.raw, () => asked.unwanted() === undefined);
      return eventStream(context.req.raw, (signal) => eventsOf({ visiting, guest, unwanted: asked.unwanted }, signal));
    });

    routes.post(`${base}dashboard/ack`, smallBody, async (context) => {
      const asked = askedBy(context);
      if (asked instanceof Response) return asked;
      const messageId = await memberOf(context, "id");
      if (messageId === undefined) return context.json({ detail: "the body is {id}, the id of a flagged message" }, 422);
      onActivity();
      const actor = await actorOf(asked.visitor);
      return withPanel(context, asked.sessionId, async (panel) => {
        const { status, body } = await panel.acknowledge(messageId, actor);
        return context.json(body, status);
      });
    });
  }

  if (links !== undefined) {
    // Behind the token, as everything under /control.
    routes.post("/control/dashboard", (context) => {
      onActivity();
      return context.json({ path: `/#link=${links.offer()}` });
    });
    routes.post("/dashboard/enter", smallBody, async (context) => {
      const token = links.redeem((await memberOf(context, "link")) ?? "");
      if (token !== undefined) return context.json({ token });
      return context.json({ detail: "this link was used or is too old; run «signalbox dashboard» for a new one" }, 401);
    });
  }
  return { routes, dismiss: () => guests.dismiss() };
}

const noSession = (context: Context, id: string): Response =>
  context.json({ detail: `there is no session ${id} here yet; its first participant makes it` }, 404);

interface Watching {
  readonly visiting: PanelVisit;
  readonly guest: Guest;
  readonly unwanted: Asked["unwanted"];
}

/** The visit ends with the stream, whether anybody reads it or not. */
function eventsOf(watching: Watching, signal: AbortSignal): AsyncIterable<ServerSentEvent> {
  signal.addEventListener("abort", () => {
    watching.visiting[Symbol.dispose]();
    watching.guest[Symbol.dispose]();
  });
  return said(watching, signal);
}

/** @throws Error with the reason, which the stream ends with, once its secret is good for nothing any more */
async function* said({ visiting, guest, unwanted }: Watching, signal: AbortSignal): AsyncGenerator<ServerSentEvent, void, undefined> {
  for await (const change of changes(visiting.panel.parts, AbortSignal.any([signal, guest.signal]))) {
    mustBeWanted();
    yield { event: "changed", data: JSON.stringify(change) };
  }
  if (guest.isSentAway) mustBeWanted();

  function mustBeWanted(): void {
    const why = unwanted();
    if (why !== undefined) throw new Error(why);
  }
}

async function memberOf(context: Context, name: string): Promise<string | undefined> {
  const body: unknown = await context.req.json().catch(() => undefined);
  const value = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}
