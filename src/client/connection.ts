/**
 * One WebSocket to a sidecar: text out, text in, and an end that is always told.
 *
 * What is sent in one go leaves in one write, because the write is what a message costs: a command and the question behind it
 * are read together then, and answered together.
 *
 * A peer that does not answer a ping before the next one is due is taken for dead, because a machine that went away sends
 * no close frame.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { UpgradeRefused } from "./faults.ts";

/** Largest message that is taken by default, in bytes: answers may be larger than commands. */
const MAX_INBOUND_BYTES = 4 * 1024 * 1024;

/** Milliseconds that a peer has to answer a close frame before the socket is torn down. */
const FAREWELL_MS = 200;

/** Longest answer to an opening request that is read for what it says. */
const MAX_DETAIL_CHARACTERS = 1_000;

/** No orderly end was told (RFC 6455, 7.1.5). */
export const ABNORMAL_CLOSE = 1006;

export interface Ended {
  /** WebSocket close code. */
  readonly code: number;
  readonly reason: string;
}

export interface Connection {
  send(text: string): void;
  /** Resolves when the system has taken the text. @throws Error when the connection is gone */
  flush(text: string): Promise<void>;
  /** Whether the socket takes messages. */
  readonly open: boolean;
  /** Resolves once, when the socket is gone. */
  readonly ended: Promise<Ended>;
  /** Says farewell and tears the socket down after 200 ms at most. */
  close(code?: number, reason?: string): void;
  /** Ends it at once. */
  terminate(): void;
}

export interface ConnectionOptions {
  readonly hear: (text: string) => void;
  /** Milliseconds between two pings. */
  readonly pingMs: number;
  /** Milliseconds that the handshake may take. */
  readonly handshakeMs: number;
  readonly signal: AbortSignal;
  /** Sent as `Authorization: Bearer`, where one is known. */
  readonly token?: string | undefined;
  /** Largest message that is taken, in bytes; 4 MiB by default. */
  readonly mostBytes?: number;
}

/** @throws UpgradeRefused, what the system or the peer answered when there is no connection, or the reason of `signal` */
export async function connect(uri: string, options: ConnectionOptions): Promise<Connection> {
  const { hear, pingMs, handshakeMs, signal, token, mostBytes = MAX_INBOUND_BYTES } = options;
  signal.throwIfAborted();
  const socket = new WebSocket(uri, {
    perMessageDeflate: false,
    maxPayload: mostBytes,
    handshakeTimeout: handshakeMs,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  let wire: Socket | undefined;
  socket.once("upgrade", (response) => (wire = response.socket));
  const ended = new Promise<Ended>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason as Error);
      socket.terminate();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (act: () => void) => {
      signal.removeEventListener("abort", onAbort);
      act();
    };
    socket.on("error", (error) => settle(() => reject(error))); // later ones are followed by `close`, which tells the end
    socket.once("unexpected-response", (_request, response) => {
      void detailOf(response).then((detail) => {
        settle(() => reject(new UpgradeRefused(uri, response.statusCode ?? 0, detail)));
        socket.terminate();
      });
    });
    socket.once("open", () => settle(resolve));
  });
  socket.on("message", (text: Buffer, isBinary) => {
    if (!isBinary) hear(text.toString());
  });
  keepAlive(socket, pingMs);
  return {
    send(text) {
      if (wire !== undefined && wire.writableCorked === 0) gather(wire);
      socket.send(text);
    },
    flush: (text) => new Promise((resolve, reject) => socket.send(text, (fault) => (fault == null ? resolve() : reject(fault)))),
    get open() {
      return socket.readyState === WebSocket.OPEN;
    },
    ended,
    close(code = 1000, reason = "") {
      socket.close(code, reason);
      const timer = setTimeout(() => socket.terminate(), FAREWELL_MS);
      socket.once("close", () => clearTimeout(timer));
    },
    terminate: () => socket.terminate(),
  };
}

/** Keeps what is written from now on together, until everything has been said that follows from what was heard. */
function gather(wire: Socket): void {
  wire.cork();
  process.nextTick(() => wire.uncork());
}

/** The sentence in an answer of ours; what other servers send is a page for people, and no sentence. */
async function detailOf(response: IncomingMessage): Promise<string | undefined> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += chunk;
      if (text.length > MAX_DETAIL_CHARACTERS) return undefined;
    }
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === "string" && detail !== "" ? detail : undefined;
  } catch {
    return undefined;
  }
}

function keepAlive(socket: WebSocket, pingMs: number): void {
  let answered = true;
  socket.on("pong", () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, pingMs);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
}
