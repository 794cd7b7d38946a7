/**
 * `WS /session/<id>` and `/`: MPAC 0.1.15 and the frames beside it, turned into commands and questions.
 *
 * This edge holds no rule of the session. It decides who may speak on a connection, and what a connection may ask before
 * it has joined.
 */
import type { Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { WebSocket } from "ws";
import { pathName } from "../../core/session/read.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../engine/log.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { FileList, FileRead, SessionSummaryRequest } from "../../wire/mpac/sideband.ts";
import type { QueryFrame } from "../../wire/query.ts";
import type { RefusalCode } from "../../wire/refusals.ts";
import { prepare, type Prepared, type Refused, type Surroundings, withoutSecrets, type WorkspaceFiles } from "./commands.ts";
import { CLOSE, type Connection, type Hearer, serveConnection } from "./connection.ts";
import { type Frame, readFrame } from "./frames.ts";
import { createBehind, type Observations } from "./observed-views.ts";
import type { Room } from "./room.ts";
import { answerSideband } from "./sideband.ts";
import { answerQuery, type ViewContext } from "./views.ts";

/** Whose connection it is, as far as the system tells. */
export type Peer = "same-user" | "other-user" | "unknown";

export interface MpacEdge extends Disposable {
  /**
   * `peer` is asked once, and only when the connection wants something before it has joined.
   *
   * @param wire - the TCP socket under `socket`
   */
  serve(socket: WebSocket, wire: Writable, peer: () => Promise<Peer>): void;
  readonly connections: number;
  /** Reads no further frame; resolves when those that were read have been handed on. What was not read is its sender's to say again. */
  hold(): Promise<void>;
  /** Tells every client that the service restarts; sessions stay open. */
  close(): void;
}

export interface MpacEdgeOptions {
  readonly room: Room;
  readonly engine: Pick<Engine, "putBlob" | "getBlob" | "nowMs">;
  readonly files: WorkspaceFiles;
  readonly observations: Observations;
  readonly onActivity: () => void;
  readonly log: Log;
}

/** How long a question may wait for a fresh look at a worktree, in milliseconds. */
const FRESH_MS = 200;

export function createMpacEdge({ room, engine, files, observations, onActivity, log }: MpacEdgeOptions): MpacEdge {
  /** With the question whose they are. */
  const open = new Map<Connection, () => Promise<Peer>>();
  const { host, presence } = room.stream;

  const behindOf = createBehind(observations);
  const surroundings: Surroundings = { files, blobs: engine, nameOf: (path) => pathName(host.view, path) };

  function refuse(connection: Connection, code: RefusalCode, message: string, refersTo?: string): void {
    room.refuse(connection, { ok: false, rejection: { code, message } }, refersTo);
  }

  let reading = 0;
  let holding = false;
  let handedOn: () => void = () => undefined;

  function onFrame(connection: Connection, text: string): Promise<void> | void {
    if (holding) return new Promise(() => undefined); // its connection is about to be closed
    const carried = readAndCarry(connection, text);
    if (carried === undefined) return;
    reading += 1;
    return carried.finally(() => {
      reading -= 1;
      if (reading === 0) handedOn();
    });
  }

  /** Most messages are handed on at once, without a promise. */
  function readAndCarry(connection: Connection, text: string): Promise<void> | void {
    onActivity();
    const frame: Frame = readFrame(text);
    if (connection.bound !== undefined) presence.heard(connection.bound.principal, engine.nowMs());
    switch (frame.kind) {
      case "message":
        return onMessage(connection, frame.message);
      case "query":
        return onQuery(connection, frame.query);
      case "sideband":
        return onSideband(connection, frame.ask);
      case "bad":
        return refuse(connection, frame.code, frame.why, frame.refersTo);
      case "ignored":
        return;
    }
  }

  function onMessage(connection: Connection, message: ClientMessage): Promise<void> | void {
    const claimed = message.sender.principal_id;
    connection.witness(lamportOf(message, host.view.clock));
    const { bound } = connection;
    if (bound !== undefined && bound.principal !== claimed) {
      const why = `this connection joined as ${bound.principal} and does not speak for ${claimed}; open another connection`;
      return refuse(connection, "session/other-sender", why, message.message_id);
    }
    if (message.message_type === "HELLO") {
      return room.join(connection, withoutSecrets(message));
    }
    if (bound === undefined) {
      return refuse(
        connection,
        "session/not-joined",
        `${claimed} has not joined over this connection; send HELLO first`,
        message.message_id,
      );
    }
    const carry = (prepared: Prepared | Refused): void => {
      if ("refused" in prepared) refuse(connection, "message/malformed", prepared.refused, message.message_id);
      else room.carry(connection, prepared);
    };
    const prepared = prepare(message, bound.tree, surroundings);
    return prepared instanceof Promise ? prepared.then(carry) : carry(prepared);
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

  /** Who has not joined may ask when it is this machine's own user; where the system does not tell, only for the summary. */
  async function mayAsk(connection: Connection, what: "summary" | "files"): Promise<boolean> {
    if (connection.bound !== undefined && what === "summary") return true;
    const known = await open.get(connection)?.();
    // Another user of the machine may take part, but does not read through us what the disk would not let it read.
    if (known === "other-user") return false;
    return connection.bound !== undefined || known === "same-user" || what === "summary";
  }

  async function onQuery(connection: Connection, { query_id, query }: QueryFrame): Promise<void> {
    const answerWith = (content: object): void => connection.send(JSON.stringify({ type: "SIGNALBOX_ANSWER", query_id, ...content }));
    if (!(await mayAsk(connection, query.kind === "summary" ? "summary" : "files"))) return answerWith({ error: "send HELLO first" });
    if (query.kind === "work" && query.fresh === true) await lookNow(connection.bound?.tree);
    await host
      .query((state) => answerQuery(viewContext(state), query, connection.bound?.principal))
      .then(async ({ answer, behind }) => {
        const lacking = await behindOf(behind);
        answerWith({ answer: lacking.length === 0 ? answer : { ...answer, behind: lacking } });
      })
      .catch((error: unknown) => answerWith({ error: String(error) }));
  }

  async function lookNow(tree: string | undefined): Promise<void> {
    if (tree === undefined) return;
    const limit = pause(FRESH_MS, undefined, { ref: false });
    await Promise.race([observations.refresh(tree).catch(() => undefined), limit]);
  }

  async function onSideband(connection: Connection, ask: FileList | FileRead | SessionSummaryRequest): Promise<void> {
    if (!(await mayAsk(connection, ask.type === "SESSION_SUMMARY" ? "summary" : "files"))) {
      return refuse(connection, "session/not-joined", `${ask.type} is answered after HELLO`);
    }
    const answer = await answerSideband(ask, { host, files, engine, viewContext });
    connection.send(JSON.stringify(answer));
  }

  const hearer: Hearer = {
    frame: onFrame,
    broke(connection, error) {
      log.error({ error: String(error) }, "frame broke");
      const unavailable = (error as { readonly code?: unknown } | null)?.code === "store/unavailable";
      if (unavailable) refuse(connection, "store/unavailable", "the log cannot be written now (is the disk full?); nothing was changed");
      else refuse(connection, "message/malformed", "the sidecar could not carry out the last frame; its log says why");
    },
    gone(connection) {
      open.delete(connection);
      room.leave(connection);
      onActivity();
    },
  };

  return {
    serve(socket, wire, lookUpPeer) {
      let looked: Promise<Peer> | undefined;
      open.set(serveConnection(socket, wire, hearer), () => (looked ??= lookUpPeer()));
      onActivity();
    },
    get connections() {
      return open.size;
    },
    hold() {
      holding = true;
      return new Promise((resolve) => {
        handedOn = resolve;
        if (reading === 0) resolve();
      });
    },
    close() {
      for (const connection of open.keys()) connection.close(CLOSE.serviceRestart, "the sidecar is stopping; join again");
    },
    [Symbol.dispose]() {
      this.close();
      room[Symbol.dispose]();
    },
  };
}

/** A value further ahead than this of everything the session has seen says nothing. */
const LAMPORT_LEAP = 2 ** 32;

function lamportOf({ watermark }: ClientMessage, clock: number): number {
  const value = watermark?.kind === "lamport_clock" && typeof watermark.value === "number" ? watermark.value : 0;
  return value <= clock + LAMPORT_LEAP ? Math.floor(value) : 0;
}
