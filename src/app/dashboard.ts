/** The panel put together for a sidecar: the session's summary and its board, each read from its own log. */
import { userInfo } from "node:os";
import { busWriteSecret } from "../config/buses.ts";
import { board as boardAggregate } from "../core/board/board.ts";
import { session as sessionAggregate } from "../core/session/session.ts";
import type { BoardEdge } from "../edge/bus/board-edge.ts";
import { assets } from "../edge/dashboard/assets.ts";
import { type Dashboard, dashboardRoutes, type Panel, type PanelVisit } from "../edge/dashboard/dashboard-routes.ts";
import { createLinks } from "../edge/dashboard/links.ts";
import type { Door } from "../edge/http/door.ts";
import type { Visit } from "../edge/mpac/mpac-edge.ts";
import type { StatusView } from "../wire/bus/views.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import type { Common } from "./service.ts";

export interface DashboardOptions {
  readonly door: Door;
  /** Whether this machine's own user comes in by a link. */
  readonly hasLinks: boolean;
  readonly sessionAt: (named: string | undefined) => string | { readonly notFound: string };
  readonly enter: (id: SessionId) => Promise<Visit>;
  readonly boardOf: (id: SessionId) => Promise<BoardEdge>;
  /** Of this machine's own user, as git or the system has it. */
  readonly userName?: () => Promise<string | undefined>;
}

export function serveDashboard(
  { engine, onActivity }: Common,
  { door, hasLinks, sessionAt, enter, boardOf, userName = () => Promise.resolve(undefined) }: DashboardOptions,
): Dashboard {
  const nowMs = (): number => engine.nowMs();

  async function panelOf(id: SessionId, { session }: Visit): Promise<Panel> {
    const board = await boardOf(id);
    // Both are live now, so their settings are asked for no more.
    const { host: sessionHost } = await engine.open(sessionAggregate, id, {});
    const { host: boardHost } = await engine.open(boardAggregate, id, {});
    return {
      parts: { session: sessionHost, board: boardHost },
      async read() {
        const { revision, writable } = boardHost;
        const [summary, { body }] = await Promise.all([
          session.summarize(),
          board.status(busWriteSecret() === undefined ? "open" : "armed"),
        ]);
        return { session: summary, board: { revision, writable, status: body as unknown as StatusView } };
      },
      acknowledge: (messageId, actor) => board.carry({ type: "AcknowledgeMessage", messageId, by: actor.principal }, actor),
    };
  }

  async function visit(id: SessionId): Promise<PanelVisit | undefined> {
    if (!(await engine.has(streamOf(id, "session")))) return undefined;
    const visiting = await enter(id);
    try {
      return { panel: await panelOf(id, visiting), [Symbol.dispose]: () => visiting[Symbol.dispose]() };
    } catch (error) {
      visiting[Symbol.dispose]();
      throw error;
    }
  }

  return dashboardRoutes({
    assets,
    door,
    ...(hasLinks ? { links: createLinks(nowMs) } : {}),
    sessionAt,
    visit: (id) => visit(id as SessionId),
    person: async () => `person:${(await userName().catch(() => undefined)) ?? systemName()}`,
    nowMs,
    onActivity,
  });
}

/** A user of a container may have a number and no name. */
function systemName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
