/**
 * One WebSocket of a participant: frames in, one after the other; messages out, never waiting for a slow reader.
 *
 * What is said in one go leaves in one write, because the write is what a message costs: of sixty-four announcements to
 * sixty-four participants each is one frame, made once, and each participant one write. Frames go straight to the TCP
 * socket; that is safe while messages are not compressed, since `ws` then keeps nothing back that they could overtake.
 */
import type { Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import type { InstanceId, PrincipalId } from "../../wire/ids.ts";
import { envelopeOf, type Saying, type Speaker } from "./coordinator-voice.ts";
import type { Identity } from "../http/door.ts";
import { type Bucket, createBucket, type Rate } from "../http/rate.ts";
import { joined } from "./frame-block.ts";
import { textFrame } from "./text-frame.ts";

/** Bytes that may wait for a reader before it is dropped. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/** How long a reader that was too slow may take to read on to the close frame, in milliseconds. */
const SLOW_FAREWELL_MS = 1_000;

/** Frames, and their characters, that may wait for their turn before the socket is read no further. */
const MAX_BACKLOG = 256;
const MAX_BACKLOG_CHARACTERS = 4 * 1024 * 1024;

/** Close codes that we send; the first three are RFC 6455's, the others MPAC servers' and ours. */
export const CLOSE = {
  normal: 1000,
  serviceRestart: 1012,
  notJoined: 1008,
  replaced: 4001,
  noSuchSession: 4004,
  tooSlow: 4008,
} as const;

export interface Bound {
  readonly principal: PrincipalId;
  readonly instance: InstanceId;
  /** Whether the client speaks our extension, and so wants acknowledgements. */
  readonly extended: boolean;
  /** The tree that its operations are about: its own worktree, or the session's virtual one. */
  readonly tree: string;
  /** What proves, over another connection, to be the client that this one belongs to; told to it alone. */
  readonly secret: string | undefined;
}

export interface Connection {
  readonly id: number;
  bound: Bound | undefined;
  /** The name and instance of a HELLO that is being decided. */
  joining: { readonly principal: PrincipalId; readonly instance: InstanceId } | undefined;
  /** Whom its credential proves it to be, where a session wants one. */
  identity: Identity | undefined;
  /** False once it is closed, by either side. */
  readonly open: boolean;
  /** Notes the Lamport value of a message that was read: what is said from now on is later. */
  witness(lamport: number): void;
  /** Speaks as the coordinator. */
  say(speaker: Speaker, saying: Saying): void;
  /** Sends a text. */
  send(text: string): void;
  /** Sends what `textFrame` made, which may go to others as well. */
  sendFrame(frame: Buffer): void;
  /** Sends it with what is said next, or with `flush`; says whether it is the first that waits for that. */
  queueFrame(frame: Buffer): boolean;
  /** Sends what waits. */
  flush(): void;
  close(code: number, reason: string): void;
  /** Ends it without a word. */
  terminate(): void;
  /** Whether somebody is there: asked by a ping, whose answer is waited for `limitMs` milliseconds at most. */
  answers(limitMs: number): Promise<boolean>;
}

/** Whoever serves connections: one for all of them. */
export interface Hearer {
  /** The next frame may be read when this returns or resolves: this one has been handed to the engine then, or answered. */
  frame(connection: Connection, text: string): Promise<void> | void;
  /** Handling the last frame failed, for a reason that no rule foresaw. Must not throw. */
  broke(connection: Connection, error: unknown): void;
  gone(connection: Connection): void;
}

let connections = 0;

/**
 * @param wire - the TCP socket under `socket`
 * @param rate - how fast it may speak; as fast as it can without one
 */
export function serveConnection(socket: WebSocket, wire: Writable, hearer: Hearer, rate?: Rate): Connection {
  const connection = new SocketConnection(socket, wire, hearer, rate);
  socket.on("message", (data: Buffer, isBinary) => connection.read(data, isBinary));
  socket.on("close", () => connection.end());
  // A broken frame closes its own connection, by `ws`; there is nothing to add.
  socket.on("error", ignore);
  return connection;
}

const ignore = (): void => undefined;

/** A class, because there may be thousands: what a connection does stands once, and each holds only what it is. */
class SocketConnection implements Connection {
  readonly id = (connections += 1);
  bound: Connection["bound"] = undefined;
  joining: Connection["joining"] = undefined;
  identity: Connection["identity"] = undefined;
  readonly #socket: WebSocket;
  readonly #wire: Writable;
  readonly #hearer: Hearer;
  #lamport = 0;
  #open = true;
  readonly #bucket: Bucket | undefined;
  #backlog: string[] = [];
  #backlogCharacters = 0;
  #reading = false;
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  /** Whether what is unsent leaves by itself. */
  #leaving = false;

  constructor(socket: WebSocket, wire: Writable, hearer: Hearer, rate: Rate | undefined) {
    this.#socket = socket;
    this.#wire = wire;
    this.#hearer = hearer;
    this.#bucket = rate === undefined ? undefined : createBucket(rate);
  }

  get open(): boolean {
    return this.#open;
  }

  witness(lamport: number): void {
    this.#lamport = Math.max(this.#lamport, lamport);
  }

  say(speaker: Speaker, saying: Saying): void {
    this.#lamport = Math.max(this.#lamport, saying.lamport === undefined ? speaker.clock : saying.lamport - 1) + 1;
    this.send(JSON.stringify(envelopeOf(speaker, saying, this.#lamport)));
  }

  send(text: string): void {
    this.sendFrame(textFrame(text));
  }

  sendFrame(frame: Buffer): void {
    this.queueFrame(frame);
    if (this.#leaving || !this.#open) return;
    this.#leaving = true;
    // What has been said by then leaves together: an answer with the acknowledgement before it.
    process.nextTick(() => this.flush());
  }

  queueFrame(frame: Buffer): boolean {
    if (!this.#open) return false;
    const waiting = this.#unsent.push(frame);
    this.#unsentBytes += frame.length;
    if (this.#unsentBytes + this.#wire.writableLength > MAX_UNREAD_BYTES) {
      this.close(CLOSE.tooSlow, "reads too slowly");
      // The close frame stands behind everything that was not read; whoever does not get there is not waited for.
      setTimeout(() => this.#socket.terminate(), SLOW_FAREWELL_MS).unref();
    }
    return waiting === 1;
  }

  close(code: number, reason: string): void {
    this.flush();
    this.#open = false;
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#open = false;
    this.#socket.terminate();
  }

  async answers(limitMs: number): Promise<boolean> {
    // Whoever is read no further cannot be heard answering, and has said more than enough to be there.
    if (!this.#open || this.#socket.isPaused) return this.#open;
    const socket = this.#socket;
    return new Promise((resolve) => {
      const answer = (is: boolean): void => {
        clearTimeout(timer);
        socket.off("pong", onPong).off("close", onClose);
        resolve(is);
      };
      const onPong = (): void => answer(true);
      const onClose = (): void => answer(false);
      const timer = setTimeout(onClose, limitMs);
      socket.on("pong", onPong).on("close", onClose);
      socket.ping();
    });
  }

  read(data: Buffer, isBinary: boolean): void {
    if (!this.#open) return;
    // Clients of the original may send a binary frame; what it holds is text all the same.
    const text = isBinary ? data.toString("utf8") : data.toString();
    this.#backlog.push(text);
    this.#backlogCharacters += text.length;
    const isFull = this.#backlog.length > MAX_BACKLOG || this.#backlogCharacters > MAX_BACKLOG_CHARACTERS;
    if (isFull && !this.#socket.isPaused) this.#socket.pause();
    void this.#readOn();
  }

  end(): void {
    this.#open = false;
    this.#backlog = [];
    this.#hearer.gone(this);
  }

  flush(): void {
    this.#leaving = false;
    if (this.#unsent.length === 0) return;
    if (this.#socket.readyState === WebSocket.OPEN) this.#wire.write(joined(this.#unsent));
    this.#unsent = [];
    this.#unsentBytes = 0;
  }

  async #readOn(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    for (let text = this.#backlog.shift(); text !== undefined; text = this.#backlog.shift()) {
      this.#backlogCharacters -= text.length;
      const waitMs = this.#bucket?.take(performance.now()) ?? 0;
      if (waitMs > 0) await pause(waitMs, undefined, { ref: false });
      if (waitMs > 0 && !this.#open) break;
      try {
        const handed = this.#hearer.frame(this, text);
        if (handed !== undefined) await handed;
      } catch (error) {
        // Whatever a frame led to, it is its sender who hears of it, and nobody else.
        this.#hearer.broke(this, error);
      }
      const hasRoom = this.#backlog.length < MAX_BACKLOG / 2 && this.#backlogCharacters < MAX_BACKLOG_CHARACTERS / 2;
      if (hasRoom && this.#socket.isPaused) this.#socket.resume();
    }
    this.#reading = false;
  }
}
