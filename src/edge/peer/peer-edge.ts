/**
 * `WS /peer`: the peer bus, as its clients know it.
 *
 * The protocol has no error but a close. Who is turned away at the door hears why; what a registered peer says that cannot be
 * carried out is logged and passed over, and costs nobody a connection. Only a log that takes nothing closes one: its sender
 * must not believe that a message is kept.
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Log } from "../../engine/log.ts";
import { readEnvelope, travellingEnvelope } from "../../wire/peer/canonical.ts";
import { readAck, typeOfFrame } from "../../wire/peer/frames.ts";
import { REFUSALS } from "../../wire/refusals.ts";
import { type Farewell, NAME_CLAIMED, NOT_KEPT, readHandshake, type Registration, SILENT, UNKNOWN_TOKEN } from "./handshake.ts";
import { type Line, type Message, openLine } from "./line.ts";
import type { Pass, PeerDoor } from "./peer-door.ts";
import type { Desk, PostOffice } from "./post-office.ts";
import { FAREWELL } from "./sockets.ts";

/** A session's mail that is held open for one connection. */
export interface Counter extends Disposable {
  readonly office: PostOffice;
}

export interface PeerEdge extends Disposable {
  serve(socket: WebSocket, wire: Socket, sessionId: string): void;
  /** Open connections, registered or not. */
  readonly connections: number;
  /** Sends away whose token is given out no more; gives how many those were. */
  dismiss(): number;
  /** Tells everybody that the process ends, and takes nothing more. */
  close(): void;
}

export interface PeerEdgeOptions {
  readonly door: PeerDoor;
  readonly enter: (sessionId: string) => Promise<Counter>;
  /** How long a connection may stay silent before it registers, in milliseconds; the protocol itself has no end of that. */
  readonly registerWithinMs?: number | undefined;
  readonly onActivity: () => void;
  readonly log: Log;
}

/** Messages of one connection that the log has not taken yet, and their bytes, beyond which the next one waits. */
const MOST_UNSETTLED = 256;
const MOST_UNSETTLED_BYTES = 4 * 1024 * 1024;

const NOT_STORED: Farewell = { code: 1011, reason: "message persistence failed" };

export function createPeerEdge({ door, enter, registerWithinMs, onActivity, log }: PeerEdgeOptions): PeerEdge {
  /** Each with whether its credential would still be let in. */
  const lines = new Map<Line, () => boolean>();
  let closing = false;

  async function register(
    line: Line,
    registration: Registration,
    sessionId: string,
  ): Promise<(Counter & { readonly desk: Desk }) | Farewell> {
    const counter = await enter(sessionId);
    const desk = await counter.office.register(line, registration);
    if (!("code" in desk)) return { ...counter, desk, [Symbol.dispose]: () => counter[Symbol.dispose]() };
    counter[Symbol.dispose]();
    return desk.code === "mail/name-claimed" ? NAME_CLAIMED : NOT_KEPT;
  }

  function serve(socket: WebSocket, wire: Socket, sessionId: string): void {
    let desk: Desk | undefined;
    let counter: Counter | undefined;
    let pass: Pass | undefined;
    let isGone = false;
    let unsettled = 0;
    let unsettledBytes = 0;
    let settled: () => void = () => undefined;

    const line = openLine(socket, wire, {
      message: (message) => (desk === undefined ? onHandshake(message) : onMessage(desk, message)),
      gone() {
        isGone = true;
        clearTimeout(silence);
        lines.delete(line);
        onActivity();
        leave();
      },
    });

    function leave(): void {
      desk?.leave();
      counter?.[Symbol.dispose]();
      desk = counter = undefined;
    }

    const giveUp = (): void => line.close(SILENT.code, SILENT.reason);
    const silence = registerWithinMs === undefined ? undefined : setTimeout(giveUp, registerWithinMs).unref();

    async function onHandshake(message: Message): Promise<void> {
      clearTimeout(silence);
      onActivity();
      const read = readHandshake(message, (token) => {
        pass = door.admit(token, sessionId);
        return pass?.fingerprint;
      });
      if ("farewell" in read) return line.close(read.farewell.code, read.farewell.reason);
      const registered = await register(line, read, sessionId).catch((error: unknown): Farewell => {
        log.error({ error: String(error) }, "peer cannot be registered");
        return NOT_KEPT;
      });
      if ("code" in registered) return line.close(registered.code, registered.reason);
      ({ desk } = registered);
      counter = registered;
      // It may have gone meanwhile.
      if (isGone) leave();
    }

    function onMessage(at: Desk, { text, isBinary }: Message): Promise<void> | void {
      if (isBinary) return undefined;
      at.settle();
      switch (typeOfFrame(text)) {
        case "ack":
          return onAck(at, text);
        case "peers":
          // Not before its reader has taken enough of what came before.
          return line.untilRoom().then(() => at.sendPeers());
        case "register":
        case "deliver":
          return undefined;
        case undefined:
        default:
          return onEnvelope(at, text);
      }
    }

    function onAck(at: Desk, text: string): Promise<void> | void {
      const key = readAck(text);
      if (key === undefined) return log.warn({ peer: at.name }, "malformed acknowledgement");
      if (key === "") return undefined;
      return carry(text.length, (done) => at.submit({ type: "Acknowledge", name: at.name, key }, done));
    }

    function onEnvelope(at: Desk, text: string): Promise<void> | void {
      const read = readEnvelope(text);
      if (read === undefined) return log.warn({ peer: at.name }, "message is neither an envelope nor anything else");
      const { id, from, to, kind } = read;
      const envelope = travellingEnvelope(read);
      const bytes = Buffer.byteLength(envelope);
      return carry(bytes, (done) =>
        at.submit({ type: "Send", name: at.name, id, from, to, kind, envelope, bytes }, (outcome) => {
          done();
          if (outcome.ok) return;
          const { code, message } = outcome.rejection;
          log.warn({ peer: at.name, refusal: code, why: message.slice(0, 500) }, "envelope not taken");
          if (REFUSALS[code].retryable) line.close(NOT_STORED.code, NOT_STORED.reason);
        }),
      );
    }

    /** Hands something to the engine; the next message is read at once, unless very much is on its way. */
    function carry(bytes: number, submit: (done: () => void) => void): Promise<void> | void {
      unsettled += 1;
      unsettledBytes += bytes;
      const isFull = (): boolean => unsettled > MOST_UNSETTLED || unsettledBytes > MOST_UNSETTLED_BYTES;
      submit(() => {
        unsettled -= 1;
        unsettledBytes -= bytes;
        if (!isFull()) settled();
      });
      if (isFull()) return new Promise((resolve) => (settled = resolve));
    }

    lines.set(line, () => pass?.stands() ?? true);
    onActivity();
    if (closing) line.close(FAREWELL.code, FAREWELL.reason);
  }

  function close(): void {
    closing = true;
    for (const line of lines.keys()) line.close(FAREWELL.code, FAREWELL.reason);
  }

  return {
    serve,
    get connections() {
      return lines.size;
    },
    dismiss() {
      const unwanted = [...lines].filter(([, stands]) => !stands());
      for (const [line] of unwanted) line.close(UNKNOWN_TOKEN.code, UNKNOWN_TOKEN.reason);
      return unwanted.length;
    },
    close,
    [Symbol.dispose]: close,
  };
}
