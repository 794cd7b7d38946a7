/**
 * One session as this edge serves it: what was let in is turned into commands and questions.
 *
 * Who may come in, and what may be asked by whom, is decided before (`mpac-edge.ts`); what a message may do is decided
 * behind it, in the core.
 */
import { setTimeout as pause } from "node:timers/promises";
import { heardLamport, pathName } from "../../core/session/read.ts";
import { type Clock, systemClock } from "../../engine/clock.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { FileList, FileRead, SessionSummaryRequest } from "../../wire/mpac/sideband.ts";
import type { QueryFrame, SummaryAnswer } from "../../wire/query.ts";
import { type Revision, SELF } from "../../wire/record.ts";
import type { RefusalCode } from "../../wire/refusals.ts";
import { prepare, type Prepared, type Refused, type Surroundings, withoutSecrets, type WorkspaceFiles } from "./commands.ts";
import type { Connection } from "./connection.ts";
import { type Inside, openInside } from "./inside.ts";
import { createBehind, type Observations } from "./observed-views.ts";
import type { Room } from "./room.ts";
import { answerSideband } from "./sideband.ts";
import { answerQuery, type ViewContext, viewSummary } from "./views.ts";

export interface SessionEdge extends Disposable {
  /** A frame of it arrived. */
  heard(connection: Connection): void;
  /** Carries a message; a HELLO joins the connection. */
  carry(connection: Connection, message: ClientMessage): Promise<void> | void;
  answer(connection: Connection, frame: QueryFrame): Promise<void>;
  answerBeside(connection: Connection, ask: FileList | FileRead | SessionSummaryRequest): Promise<void>;
  /** The session as somebody sees it who takes no part. */
  summarize(): Promise<{ readonly revision: Revision; readonly writable: boolean; readonly summary: SummaryAnswer }>;
  refuse(connection: Connection, code: RefusalCode, message: string, refersTo?: string): void;
  gone(connection: Connection): void;
  /** Why it has ended, where it has. */
  readonly closed: string | undefined;
  /** Whether somebody has joined under this name over a connection that is open. */
  isConnected(principal: string): boolean;
  /** The session for whoever is in this process. */
  readonly inside: Inside;
  /** Tells everybody in it that another process takes the session over. */
  announceHandover(): void;
  /** The process stops and hands it to nobody: a session whose policy says so ends. Resolves when that has been said. */
  shutDown(): Promise<void>;
}

export interface SessionEdgeOptions {
  readonly room: Room;
  readonly engine: Pick<Engine, "putBlob" | "getBlob" | "nowMs">;
  readonly files: WorkspaceFiles;
  readonly observations: Observations;
  readonly clock?: Pick<Clock, "after">;
}

/** How long a question may wait for a fresh look at a worktree, in milliseconds. */
const FRESH_MS = 200;

export function createSessionEdge({ room, engine, files, observations, clock = systemClock }: SessionEdgeOptions): SessionEdge {
  const { host, presence } = room.stream;
  const behindOf = createBehind(observations);
  const surroundings: Surroundings = { files, blobs: engine, nameOf: (path) => pathName(host.view, path) };
  const inside = openInside({ room, engine, surroundings, viewContext, behindOf, clock });

  function refuse(connection: Connection, code: RefusalCode, message: string, refersTo?: string): void {
    room.refuse(connection, { ok: false, rejection: { code, message } }, refersTo);
  }

  function viewContext(state: ViewContext["state"]): ViewContext {
    const nowMs = engine.nowMs();
    return {
      state,
      nowMs,
      workspaceDir: room.face.workspaceDir,
      lastHeardMs: (principal) => presence.lastHeardMs(principal, nowMs),
      lastWorkMs: (principal) => presence.lastWorkMs(principal),
      sleptSince: (ms) => presence.sleptSince(ms),
      observations,
    };
  }

  async function lookNow(tree: string | undefined): Promise<void> {
    if (tree === undefined) return;
    const limit = pause(FRESH_MS, undefined, { ref: false });
    await Promise.race([observations.refresh(tree).catch(() => undefined), limit]);
  }

  return {
    refuse,
    heard({ bound }) {
      if (bound !== undefined) presence.heard(bound.principal, engine.nowMs());
    },
    carry(connection, message) {
      const claimed = message.sender.principal_id;
      connection.witness(heardLamport(host.view, message));
      const { bound } = connection;
      if (bound !== undefined && bound.principal !== claimed) {
        const why = `this connection joined as ${bound.principal} and does not speak for ${claimed}; open another connection`;
        return refuse(connection, "session/other-sender", why, message.message_id);
      }
      if (message.message_type === "HELLO") return room.join(connection, withoutSecrets(message), secretIn(message));
      if (bound === undefined) {
        const why = `${claimed} has not joined over this connection; send HELLO first`;
        return refuse(connection, "session/not-joined", why, message.message_id);
      }
      if (connection.identity !== undefined && message.message_type === "RESOLUTION" && (message.watermark ?? undefined) === undefined) {
        const why = "a RESOLUTION says in its watermark what its sender had seen (SPEC 18.7); send one with it";
        return refuse(connection, "message/malformed", why, message.message_id);
      }
      const hand = (prepared: Prepared | Refused): void => {
        if ("refused" in prepared) refuse(connection, "message/malformed", prepared.refused, message.message_id);
        else room.carry(connection, prepared);
      };
      const prepared = prepare(message, bound.tree, surroundings);
      return prepared instanceof Promise ? prepared.then(hand) : hand(prepared);
    },
    async answer(connection, { query_id, query }) {
      const answerWith = (content: object): void => connection.send(JSON.stringify({ type: "SIGNALBOX_ANSWER", query_id, ...content }));
      if (query.kind === "work" && query.fresh === true) await lookNow(connection.bound?.tree);
      await host
        .query((state) => answerQuery(viewContext(state), query, connection.bound?.principal))
        .then(async ({ answer, behind }) => {
          const lacking = await behindOf(behind);
          answerWith({ answer: lacking.length === 0 ? answer : { ...answer, behind: lacking } });
        })
        .catch((error: unknown) => answerWith({ error: String(error) }));
    },
    async answerBeside(connection, ask) {
      connection.send(JSON.stringify(await answerSideband(ask, { host, files, engine, viewContext })));
    },
    summarize: () =>
      host.query((state, revision) => ({
        revision,
        writable: host.writable,
        summary: viewSummary(viewContext(state), { kind: "summary" }),
      })),
    inside,
    announceHandover: () => room.announceHandover(),
    shutDown: () => new Promise((resolve) => host.submit({ command: { type: "CoordinatorStopped" }, actor: SELF }, () => resolve())),
    gone: (connection) => room.leave(connection),
    get closed() {
      return host.view.closed;
    },
    isConnected: (principal) => room.isConnected(principal),
    [Symbol.dispose]() {
      inside[Symbol.dispose]();
      room[Symbol.dispose]();
    },
  };
}

function secretIn({ payload }: Extract<ClientMessage, { message_type: "HELLO" }>): string | undefined {
  const secret = payload.extensions?.signalbox?.["secret"];
  return typeof secret === "string" ? secret : undefined;
}
