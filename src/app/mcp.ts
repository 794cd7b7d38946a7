/**
 * MCP over HTTP put together for a sidecar: who asks, whom that makes in a session, what changes there, and the edge on top.
 */
import type { Context, Hono } from "hono";
import type { ServiceConfig } from "../config/service.ts";
import { board } from "../core/board/board.ts";
import { mail } from "../core/mail/mail.ts";
import { mcp } from "../core/mcp/mcp.ts";
import type { SessionState } from "../core/session/state.ts";
import type { Door } from "../edge/http/door.ts";
import type { Rate } from "../edge/http/rate.ts";
import { askRoutes } from "../edge/mcp/ask-page.ts";
import { createAskPages } from "../edge/mcp/ask-pages.ts";
import { createCallers } from "../edge/mcp/callers.ts";
import { createChanges } from "../edge/mcp/changes.ts";
import { docsRoutes } from "../edge/mcp/docs/docs-routes.ts";
import { createMcpEdge, type McpEdgeOptions } from "../edge/mcp/mcp-routes.ts";
import type { HttpVisit } from "../edge/mcp/http-visit.ts";
import { baseOf, metadataRoutes } from "../edge/mcp/metadata.ts";
import type { Callers, Visitors } from "../edge/mcp/ports.ts";
import { remembered } from "../edge/mcp/remembered.ts";
import { createSessionStore } from "../edge/mcp/session-store.ts";
import { serveTools } from "../edge/mcp/tool-serving.ts";
import { createUnderWay } from "../edge/mcp/under-way.ts";
import type { FollowedHost } from "../edge/mcp/followed-log.ts";
import { systemClock } from "../engine/clock.ts";
import type { Log } from "../log.ts";
import type { Common } from "./service.ts";
import { VERSION } from "../version.ts";
import type { SessionId } from "../wire/ids.ts";
import type { KeyTable } from "../wire/key-table.ts";

const DAY_SEC = 24 * 60 * 60;

/** How long calls that are ended may take to give up what they got hold of, in milliseconds. */
const GIVE_UP_MS = 1_000;

export interface McpOptions {
  readonly config: Pick<ServiceConfig, "signIn" | "peers">;
  readonly log: Log;
  readonly door: Door;
  readonly isHosted: boolean;
  /** When this process began, in milliseconds: it is put together later. */
  readonly beganAtMs: number;
  readonly sessionAt: McpEdgeOptions["sessionAt"];
  /** Whoever takes part, told apart by what these callers show. */
  readonly visitors: (callers: Callers) => Promise<Visitors> | Visitors;
  /** Opens the log of a session that is there. */
  readonly openSession: (id: SessionId) => Promise<FollowedHost<SessionState>>;
  /** How fast whoever is not this machine's own user may ask; as fast as it can without one. */
  readonly rate?: Rate | undefined;
}

export interface Mcp {
  readonly routes: Hono;
  readonly isBusy: () => boolean;
  /** Sends away whose credential is given out no more; gives how many those were. */
  readonly dismiss: () => number;
  /** Ends what is open, before the log is handed on. */
  readonly hold: () => Promise<void>;
  /** Goes by another table of keys from now on. */
  readonly renewKeys: (table: KeyTable) => void;
}

/** As it is put together. */
export interface MadeMcp extends Mcp {
  /** What `/mcp` and `/session/:session/mcp` answer with, without another look at where a request goes. */
  readonly answer: (context: Context) => Promise<Response>;
}

export async function serveMcp(common: Common, options: McpOptions): Promise<MadeMcp> {
  const { config, log, door, isHosted, beganAtMs, sessionAt, openSession, rate } = options;
  const { engine, onActivity } = common;
  const nowMs = (): number => engine.nowMs();
  const callers = createCallers({ door, signIn: config.signIn, isHosted, beganAtMs, rate, nowMs, log });
  const visitors = await options.visitors(callers);
  const changes = createChanges({
    engine,
    open: {
      session: openSession,
      board: async (id) => (await engine.open(board, id, {})).host,
      mail: async (id) => (await engine.open(mail, id, { release_after_sec: config.peers.releaseDays * DAY_SEC })).host,
    },
    log,
  });
  const openMcp = async (id: SessionId) => (await engine.open(mcp, id, {})).host;
  const sessions = common.own(createSessionStore({ engine, open: openMcp, clock: systemClock }));
  const { issuer, publicUrl } = config.signIn;
  const baseAt = remembered((url) => baseOf(publicUrl, { url }));
  const reachedAt = (visit: unknown): string => baseAt((visit as HttpVisit).request.url);
  const pages = createAskPages({
    baseOf: ({ visit }) => reachedAt(visit),
    ownerOf: ({ visit }) => (visit as HttpVisit).caller.identity?.fingerprint ?? "",
    nowMs,
  });
  const underWay = createUnderWay();
  const serve = serveTools({ version: VERSION, callers, visitors, changes, baseOf: reachedAt, pages, underWay, nowMs, log });
  const edge = common.own(createMcpEdge({ sessionAt, serve, callers, sessions, onActivity, log }));

  const routes = edge.routes.route("/", docsRoutes({ publicUrl, log })).route("/", askRoutes(pages, { door, baseAt }));
  if (issuer !== undefined) routes.route("/", metadataRoutes({ issuer: issuer.issuer, publicUrl }));
  routes.notFound(({ req, json }) =>
    json({ detail: `there is nothing at ${req.path}; MCP is spoken at /mcp and at /session/<id>/mcp` }, 404),
  );
  return {
    routes,
    answer: edge.answer,
    // Whoever comes over HTTP cannot start a sidecar that has ended.
    isBusy: () => edge.isBusy() || (visitors.present ?? 0) > 0,
    dismiss: () => visitors.dismiss() + edge.dismiss(),
    async hold() {
      await edge.hold();
      await underWay.over(GIVE_UP_MS);
    },
    renewKeys: (table) => callers.renewKeys(table),
  };
}
