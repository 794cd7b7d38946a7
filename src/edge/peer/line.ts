/**
 * One WebSocket of a peer: messages in, one after the other; frames out, as far as their reader keeps up.
 *
 * Nothing here knows the protocol. Messages wait until they are asked for, and the socket is read no further while many do.
 */
import type { Socket } from "node:net";
import { WebSocket } from "ws";

export interface Message {
  readonly text: string;
  readonly isBinary: boolean;
}

export interface Line {
  /** False once it is closed, by either side. */
  readonly isOpen: boolean;
  /** Whether its reader has so little before it that it may be sent more. */
  readonly hasRoom: boolean;
  /** Resolves when it has room, or is closed. */
  untilRoom(): Promise<void>;
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Ends it without a word. */
  drop(): void;
}

export interface Hearer {
  /** The next message is read when this returns or resolves. Must not throw. */
  message(message: Message): Promise<void> | void;
  gone(): void;
}

/** Bytes on their way to a reader beyond which it is sent no more for now. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** Messages, and their characters, that may wait for their turn before the socket is read no further. */
const MOST_BACKLOG = 256;
const MOST_BACKLOG_CHARACTERS = 4 * 1024 * 1024;

/** How long a silent network is believed, in milliseconds: the protocol itself asks nobody whether he is there. */
const KEEP_ALIVE_MS = 15_000;

const ignore = (): void => undefined;

export function openLine(socket: WebSocket, wire: Socket, hearer: Hearer): Line {
  const backlog: Message[] = [];
  let characters = 0;
  let reading = false;
  let isOpen = true;
  const waiting = new Set<() => void>();

  const hasRoom = (): boolean => socket.bufferedAmount < MOST_UNREAD_BYTES;

  function tellRoom(): void {
    if (isOpen && !hasRoom()) return;
    for (const tell of waiting) tell();
    waiting.clear();
  }

  async function readOn(): Promise<void> {
    if (reading) return;
    reading = true;
    for (let message = backlog.shift(); message !== undefined; message = backlog.shift()) {
      characters -= message.text.length;
      const handed = hearer.message(message);
      if (handed !== undefined) await handed;
      if (!isOpen) backlog.length = 0;
      if (backlog.length < MOST_BACKLOG / 2 && characters < MOST_BACKLOG_CHARACTERS / 2 && socket.isPaused) socket.resume();
    }
    reading = false;
  }

  wire.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isOpen) return;
    const message = { text: isBinary ? "" : data.toString("utf8"), isBinary };
    backlog.push(message);
    characters += message.text.length;
    if ((backlog.length > MOST_BACKLOG || characters > MOST_BACKLOG_CHARACTERS) && !socket.isPaused) socket.pause();
    void readOn();
  });
  socket.on("close", () => {
    isOpen = false;
    tellRoom();
    hearer.gone();
  });
  // A broken frame closes its own connection, by `ws`; there is nothing to add.
  socket.on("error", ignore);

  return {
    get isOpen() {
      return isOpen && socket.readyState === WebSocket.OPEN;
    },
    get hasRoom() {
      return hasRoom();
    },
    untilRoom() {
      if (!isOpen || hasRoom()) return Promise.resolve();
      return new Promise((resolve) => waiting.add(resolve));
    },
    send(text) {
      if (isOpen) socket.send(text, tellRoom);
    },
    close(code, reason) {
      isOpen = false;
      socket.close(code, reason);
    },
    drop() {
      isOpen = false;
      socket.terminate();
    },
  };
}
