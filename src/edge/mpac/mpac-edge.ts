/**
 * `WS /session/<id>` and `/`: MPAC 0.1.15 and the frames beside it.
 *
 * This edge holds no rule of a session. It decides who may come in over a connection, and what a connection may ask before
 * it has joined; nothing of a session is opened, said or shown before that.
 */
import type { Writable } from "node:stream";
import type { WebSocket } from "ws";
import type { Log } from "../../engine/log.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
import type { FileList, FileRead, SessionSummaryRequest } from "../../wire/mpac/sideband.ts";
import type { QueryFrame } from "../../wire/query.ts";
import type { RefusalCode } from "../../wire/refusals.ts";
import { CLOSE, type Connection, type Hearer, serveConnection } from "./connection.ts";
import { refusal } from "./coordinator-voice.ts";
import { type Admission, type Door, identityOf } from "../http/door.ts";
import type { Peer } from "../http/peer.ts";
import { type Frame, readFrame } from "./frames.ts";
import type { Rate } from "../http/rate.ts";
import type { SessionEdge } from "./session-edge.ts";
import { answerTo } from "./unread.ts";

/** What is known of a connection from its handshake. */
export interface Handshake {
  readonly sessionId: string;
  /** The `Authorization` header. */
  readonly authorization?: string | undefined;
  /** Whose connection it is; asked once, and only when the answer matters. */
  readonly peer: () => Promise<Peer>;
}

/** A session that is held open for one connection. */
export interface Visit extends Disposable {
  readonly session: SessionEdge;
}

export interface MpacEdge extends Disposable {
  /** @param wire - the TCP socket under `socket` */
  serve(socket: WebSocket, wire: Writable, handshake: Handshake): void;
  readonly connections: number;
  /** Closes what came in by a token that the door no longer knows, and gives how many those were. */
  dismiss(): number;
  /** Reads no further frame; resolves when those that were read have been handed on. What was not read is its sender's to say again. */
  hold(): Promise<void>;
  /** Tells every client that the service restarts; sessions stay open. */
  close(): void;
}

export interface MpacEdgeOptions {
  readonly door: Door;
  /** Opens the session of this id, or joins those that have it open. */
  readonly enter: (sessionId: string) => Promise<Visit>;
  /** How fast each connection may speak. */
  readonly rate?: Rate | undefined;
  /** How often connections are looked after that no system tells the end of, in milliseconds. */
  readonly lookAfterMs?: number | undefined;
  readonly nowMs: () => number;
  readonly onActivity: () => void;
  readonly log: Log;
}

/** Longest frame of a connection that has not shown a credential where one is wanted, in characters. */
const MAX_STRANGER_CHARACTERS = 64 * 1024;

/** What this edge knows of a connection. */
interface Seat {
  readonly sessionId: string;
  readonly peer: () => Promise<Peer>;
  /** What its credential was found to be. */
  admission: Admission | undefined;
  visit: Visit | undefined;
  /** Whether it had its time to join. */
  isLate: boolean;
}

export function createMpacEdge(options: MpacEdgeOptions): MpacEdge {
  const { door, enter, rate, lookAfterMs, nowMs, onActivity, log } = options;
  const open = new Map<Connection, Seat>();

  /** Before a session is open for it, a connection is spoken to in the session's name and told nothing of it. */
  function refuse(connection: Connection, code: RefusalCode, message: string, refersTo?: string): void {
    const seat = open.get(connection);
    if (seat === undefined) return;
    if (seat.visit !== undefined) return seat.visit.session.refuse(connection, code, message, refersTo);
    connection.say({ sessionId: seat.sessionId, epoch: 1, clock: 0 }, refusal({ code, message }, refersTo, nowMs()));
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
    const seat = open.get(connection);
    if (seat === undefined) return;
    onActivity();
    // A HELLO is short, and of whoever has not shown who he is nothing else is read.
    const isStranger = door.isShut && (seat.admission === undefined || "refused" in seat.admission);
    if (isStranger && text.length > MAX_STRANGER_CHARACTERS)
      return refuse(connection, "message/malformed", "a first message this long is not read");
    const frame: Frame = readFrame(text);
    seat.visit?.session.heard(connection);
    switch (frame.kind) {
      case "message":
        return frame.message.message_type === "HELLO"
          ? onHello(connection, seat, frame.message)
          : onMessage(connection, seat, frame.message);
      case "query":
        return onQuery(connection, seat, frame.query);
      case "sideband":
        return onSideband(connection, seat, frame.ask);
      case "bad":
      case "ignored": {
        const answer = answerTo(frame, { hasJoined: connection.bound !== undefined, closed: seat.visit?.session.closed });
        if (answer !== undefined) refuse(connection, answer.code, answer.why, frame.refersTo);
        return;
      }
    }
  }

  async function onHello(connection: Connection, seat: Seat, message: Message<"HELLO">): Promise<void> {
    const barred = await barredBy(connection, seat, message);
    if (barred !== undefined) return refuse(connection, barred.code, barred.why, message.message_id);
    await (await sessionOf(connection, seat))?.carry(connection, message);
  }

  /** Why it may not come in; nothing when it may, and then it is noted what it has proven. */
  async function barredBy(
    connection: Connection,
    seat: Seat,
    { payload }: Message<"HELLO">,
  ): Promise<{ readonly code: RefusalCode; readonly why: string } | undefined> {
    const shown = payload["credential"] ?? undefined;
    const admission = shown === undefined ? seat.admission : door.admit(shown, seat.sessionId);
    if (door.isShut) {
      const judged = admission ?? door.admit(undefined, seat.sessionId);
      if ("refused" in judged) return { code: "credential/rejected", why: judged.refused };
      const proven = identityOf(judged, payload.roles ?? []);
      if (connection.bound !== undefined && door.provesIdentity && connection.identity?.fingerprint !== proven.fingerprint) {
        return { code: "credential/rejected", why: "this connection joined with another credential; open another connection" };
      }
      if (door.provesIdentity) connection.identity = proven;
    }
    if (admission !== undefined && "admitted" in admission) seat.admission = admission;
    if (door.isShut || isOwn(seat) || (await seat.peer()) !== "other-user") return undefined;
    return {
      code: "peer/other-user",
      why: "this sidecar serves another user of this machine; start one of your own, or ask for MPAC_TOKEN_TABLE there",
    };
  }

  function onMessage(connection: Connection, seat: Seat, message: ClientMessage): Promise<void> | void {
    if (seat.visit !== undefined) return seat.visit.session.carry(connection, message);
    const why = `${message.sender.principal_id} has not joined over this connection; send HELLO first`;
    return refuse(connection, "session/not-joined", why, message.message_id);
  }

  async function sessionOf(connection: Connection, seat: Seat): Promise<SessionEdge | undefined> {
    if (seat.visit === undefined) {
      const visit = await enter(seat.sessionId);
      // It may have gone meanwhile. Its frames are read one after the other, so that nobody else has entered for it.
      if (open.get(connection) === seat) seat.visit = visit;
      else visit[Symbol.dispose]();
    }
    return seat.visit?.session;
  }

  /**
   * Behind a door that is shut, whoever has neither joined nor brought its token in the handshake may ask nothing; the original's
   * bridge asks so before it joins. Else it may when it is this machine's own user; where the system does not tell, only for
   * the summary.
   */
  async function mayAsk(connection: Connection, seat: Seat, what: "summary" | "files"): Promise<boolean> {
    const hasJoined = connection.bound !== undefined;
    if (isOwn(seat) || (hasJoined && what === "summary")) return true;
    if (door.isShut) return hasJoined || (seat.admission !== undefined && "admitted" in seat.admission);
    const known = await seat.peer();
    // Another user of the machine does not read through us what the disk would not let it read.
    if (known === "other-user") return false;
    return hasJoined || known === "same-user" || what === "summary";
  }

  /** Whoever may ask anything asks at once, and so in the turn that decides what it said before. */
  async function onQuery(connection: Connection, seat: Seat, frame: QueryFrame): Promise<void> {
    const { query_id, query } = frame;
    if (isOwn(seat) || (await mayAsk(connection, seat, query.kind === "summary" ? "summary" : "files"))) {
      return (seat.visit?.session ?? (await sessionOf(connection, seat)))?.answer(connection, frame);
    }
    connection.send(JSON.stringify({ type: "SIGNALBOX_ANSWER", query_id, error: "send HELLO first" }));
  }

  async function onSideband(connection: Connection, seat: Seat, ask: FileList | FileRead | SessionSummaryRequest): Promise<void> {
    if (await mayAsk(connection, seat, ask.type === "SESSION_SUMMARY" ? "summary" : "files")) {
      return (await sessionOf(connection, seat))?.answerBeside(connection, ask);
    }
    refuse(connection, "session/not-joined", `${ask.type} is answered after HELLO`);
  }

  /** Ends who answers no ping from one look to the next, and who stands at a shut door from one look to the next but one. */
  function lookAfter(withinMs: number): void {
    for (const [connection, seat] of open) {
      if (door.isShut && seat.isLate && connection.bound === undefined && !isOwn(seat))
        connection.close(CLOSE.notJoined, "no HELLO was taken in time");
      else void connection.answers(withinMs).then((is) => is || connection.terminate());
      seat.isLate = true;
    }
  }
  const timer = lookAfterMs === undefined ? undefined : setInterval(lookAfter, lookAfterMs, lookAfterMs);
  timer?.unref();

  const hearer: Hearer = {
    frame: onFrame,
    broke(connection, error) {
      log.error({ error: String(error) }, "frame broke");
      const unavailable = (error as { readonly code?: unknown } | null)?.code === "store/unavailable";
      if (unavailable) refuse(connection, "store/unavailable", "the log cannot be written now (is the disk full?); nothing was changed");
      else refuse(connection, "message/malformed", "the sidecar could not carry out the last frame; its log says why");
    },
    gone(connection) {
      const visit = open.get(connection)?.visit;
      open.delete(connection);
      visit?.session.gone(connection);
      visit?.[Symbol.dispose]();
      onActivity();
    },
  };

  return {
    dismiss() {
      let dismissed = 0;
      for (const [connection, { admission }] of open) {
        if (admission === undefined || "refused" in admission || admission.stands?.() !== false) continue;
        connection.close(CLOSE.notJoined, "its token opens this session no more");
        dismissed += 1;
      }
      return dismissed;
    },
    serve(socket, wire, { sessionId, authorization, peer: lookUpPeer }) {
      let looked: Promise<Peer> | undefined;
      const peer = (): Promise<Peer> => (looked ??= lookUpPeer());
      const seat: Seat = { sessionId, peer, admission: door.admitHeader(authorization, sessionId), visit: undefined, isLate: false };
      open.set(serveConnection(socket, wire, hearer, rate), seat);
      onActivity();
    },
    get connections() {
      return open.size;
    },
    hold() {
      holding = true;
      const sessions = new Set([...open.values()].flatMap(({ visit }) => visit?.session ?? []));
      for (const session of sessions) session.announceHandover();
      return new Promise((resolve) => {
        handedOn = resolve;
        if (reading === 0) resolve();
      });
    },
    close() {
      for (const connection of open.keys()) connection.close(CLOSE.serviceRestart, "the sidecar is stopping; join again");
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      this.close();
    },
  };
}

const isOwn = ({ admission }: Seat): boolean => admission !== undefined && "admitted" in admission && admission.admitted === "own";
