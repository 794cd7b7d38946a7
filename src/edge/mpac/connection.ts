/**
 * One WebSocket of a participant: frames in, one after the other; messages out, never waiting for a slow reader.
 *
 * What is said in one go leaves in one write, because the write is what a message costs: of sixty-four announcements to
 * sixty-four participants each is one frame, made once, and each participant one write. Frames go straight to the TCP
 * socket; that is safe while messages are not compressed, since `ws` then keeps nothing back that they could overtake.
 */
import type { Writable } from "node:stream";
import { WebSocket } from "ws";
import type { InstanceId, PrincipalId } from "../../wire/ids.ts";
import { envelopeOf, type Saying, type Speaker } from "./coordinator-voice.ts";
import { textFrame } from "./text-frame.ts";

/** Bytes that may wait for a reader before it is dropped. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/** How long a reader that was too slow may take to read on to the close frame, in milliseconds. */
const SLOW_FAREWELL_MS = 1_000;

/** Frames that may wait for their turn before the socket is read no further. */
const MAX_BACKLOG = 256;

/** Close codes that we send; the first two are RFC 6455's, the others MPAC servers' and ours. */
export const CLOSE = {
  normal: 1000,
  tryAgainLater: 1013,
  serviceRestart: 1012,
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
}

export interface Connection {
  readonly id: number;
  bound: Bound | undefined;
  /** The name and instance of a HELLO that is being decided. */
  joining: { readonly principal: PrincipalId; readonly instance: InstanceId } | undefined;
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
  close(code: number, reason: string): void;
}

interface ConnectionEvents {
  /** The next frame may be read when this returns or resolves: this one has been handed to the engine then, or answered. */
  frame(text: string): Promise<void> | void;
  /** Handling the last frame failed, for a reason that no rule foresaw. Must not throw. */
  broke(error: unknown): void;
  gone(): void;
}

/** What has been said by then leaves together. (`queueMicrotask` costs ten times as much.) */
const soon = Promise.resolve();

let connections = 0;

/** @param wire - the TCP socket under `socket` */
export function serveConnection(socket: WebSocket, wire: Writable, hear: (connection: Connection) => ConnectionEvents): Connection {
  let lamport = 0;
  let open = true;
  let backlog: string[] = [];
  let reading = false;
  let unsent: Buffer[] = [];
  let unsentBytes = 0;

  function sendFrame(frame: Buffer): void {
    if (!open) return;
    if (unsent.push(frame) === 1) void soon.then(flush);
    unsentBytes += frame.length;
    if (unsentBytes + wire.writableLength > MAX_UNREAD_BYTES) {
      close(CLOSE.tooSlow, "reads too slowly");
      // The close frame stands behind everything that was not read; whoever does not get there is not waited for.
      setTimeout(() => socket.terminate(), SLOW_FAREWELL_MS).unref();
    }
  }

  function flush(): void {
    const [first, ...more] = unsent;
    if (first !== undefined && socket.readyState === WebSocket.OPEN) wire.write(more.length === 0 ? first : Buffer.concat(unsent));
    unsent = [];
    unsentBytes = 0;
  }

  function close(code: number, reason: string): void {
    flush();
    open = false;
    socket.close(code, reason);
  }

  const connection: Connection = {
    id: (connections += 1),
    bound: undefined,
    joining: undefined,
    get open() {
      return open;
    },
    witness(value) {
      lamport = Math.max(lamport, value);
    },
    send: (text) => sendFrame(textFrame(text)),
    sendFrame,
    say(speaker, saying) {
      lamport = Math.max(lamport, saying.lamport === undefined ? speaker.clock : saying.lamport - 1) + 1;
      sendFrame(textFrame(JSON.stringify(envelopeOf(speaker, saying, lamport))));
    },
    close,
  };

  const events = hear(connection);

  async function readOn(): Promise<void> {
    if (reading) return;
    reading = true;
    for (let text = backlog.shift(); text !== undefined; text = backlog.shift()) {
      try {
        const handed = events.frame(text);
        if (handed !== undefined) await handed;
      } catch (error) {
        // Whatever a frame led to, it is its sender who hears of it, and nobody else.
        events.broke(error);
      }
      if (socket.isPaused && backlog.length < MAX_BACKLOG / 2) socket.resume();
    }
    reading = false;
  }

  socket.on("message", (data: Buffer, isBinary) => {
    if (!open) return;
    // Clients of the original may send a binary frame; what it holds is text all the same.
    backlog.push(isBinary ? data.toString("utf8") : data.toString());
    if (backlog.length > MAX_BACKLOG && !socket.isPaused) socket.pause();
    void readOn();
  });
  socket.on("close", () => {
    open = false;
    backlog = [];
    events.gone();
  });
  // A broken frame closes its own connection, by `ws`; there is nothing to add.
  socket.on("error", () => undefined);
  return connection;
}
