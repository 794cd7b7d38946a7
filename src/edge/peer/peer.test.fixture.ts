/** The peer bus on a real port over a log that outlives its broker, and raw WebSocket clients of it. */
import { once } from "node:events";
import { Hono } from "hono";
import { WebSocket } from "ws";
import { mail } from "../../core/mail/mail.ts";
import type { MailState } from "../../core/mail/state.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { redecide } from "../../engine/redecide.ts";
import { StoreUnavailable } from "../../store/errors.ts";
import { memoryStore } from "../../store/memory.ts";
import type { EventStore } from "../../store/store.ts";
import { type SessionId, streamOf } from "../../wire/ids.ts";
import type { MailEvent } from "../../wire/mail.ts";
import type { LogRecord } from "../../wire/record.ts";
import { createDoor } from "../http/door.ts";
import { listen } from "../http/http-server.ts";
import { createOffices } from "./offices.ts";
import { type PeerDoor, peerDoor } from "./peer-door.ts";
import { createPeerEdge } from "./peer-edge.ts";
import { openPostOffice } from "./post-office.ts";
import { FAREWELL, peerSockets } from "./sockets.ts";

export const TOKEN = "token-one";
export const OTHER_TOKEN = "token-two";
export const STREAM = streamOf("s" as SessionId, "mail");

export interface Frame {
  readonly type: string;
  readonly names?: readonly string[];
  readonly delivery_key?: string;
  readonly envelope?: { readonly id: string; readonly from: string; readonly to: string; readonly kind: string; readonly body: unknown };
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface RawPeer {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  /** Sends an object as JSON, a text as it is. */
  send(frame: object | string): void;
  /** The texts of the next messages. */
  texts(count: number): Promise<readonly string[]>;
  /** Takes what has come already. */
  arrived(): readonly string[];
  next(): Promise<Frame>;
  /** Everything that was received up to the answer to a question asked now. */
  sofar(): Promise<readonly Frame[]>;
}

/** A log, and one broker on it at a time. */
export interface Bus extends AsyncDisposable {
  readonly port: number;
  readonly store: EventStore;
  /** Raw, with nothing said. */
  dial(options?: { readonly path?: string; readonly protocols?: readonly string[] }): Promise<RawPeer>;
  /** Registered, with its list of peers read. */
  join(name: string, token?: string): Promise<RawPeer>;
  /** What is on the log, without who came and went. */
  history(): Promise<readonly MailEvent[]>;
  /** Resolves when that is so, as of some record. */
  until(is: (state: Readonly<MailState>) => boolean): Promise<void>;
  /** Another broker on the same log, without a farewell of the first. */
  restart(tokens?: readonly string[]): Promise<void>;
  /** The same after one that did not get to finish anything. */
  crash(): Promise<void>;
  /** What its operator asks for when the list of tokens is another one now. */
  dismiss(): number;
  /** Ends the broker as its process does when it is asked to. */
  stop(): Promise<void>;
}

export async function serveBus(
  store: EventStore = memoryStore(),
  tokens: readonly string[] = [TOKEN, OTHER_TOKEN],
  registerWithinMs?: number,
): Promise<Bus> {
  let broker = await startBroker(store, tokens, registerWithinMs);
  const dialled: WebSocket[] = [];

  async function records(): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for await (const { text } of store.read(STREAM, 0)) found.push(JSON.parse(text) as LogRecord);
    return found;
  }

  const bus: Bus = {
    get port() {
      return broker.port;
    },
    store,
    async dial({ path = "/peer", protocols = [] } = {}) {
      const socket = new WebSocket(`ws://127.0.0.1:${broker.port}${path}`, [...protocols], { perMessageDeflate: true });
      dialled.push(socket);
      const peer = rawPeer(socket);
      await once(socket, "open");
      return peer;
    },
    async join(name, token = TOKEN) {
      const peer = await bus.dial();
      peer.send({ protocol_version: "v1", type: "register", token, name });
      const first = await peer.next();
      if (first.type !== "peers") throw new Error(`${name} was told ${first.type} first`);
      return peer;
    },
    async history() {
      const passing: readonly string[] = ["Opened", "Resumed", "PeerConnected", "PeerLeft"];
      return (await records()).flatMap(({ events }) => events as readonly MailEvent[]).filter(({ type }) => !passing.includes(type));
    },
    async until(is) {
      const { host } = await broker.stream();
      while (!(await host.query(is))) {
        await new Promise<void>((resolve) => {
          const hearing = host.subscribe(() => {
            hearing[Symbol.dispose]();
            resolve();
          });
        });
      }
    },
    async restart(anew = tokens) {
      await broker.kill();
      broker = await startBroker(store, anew);
    },
    async crash() {
      await broker.crash();
      broker = await startBroker(store, tokens);
    },
    dismiss: () => broker.dismiss(),
    stop: () => broker.stop(),
    /** Every log that a test makes is decided once more on the way out. */
    async [Symbol.asyncDispose]() {
      await broker.kill();
      for (const socket of dialled) socket.terminate();
      redecide(mail, await records());
    },
  };
  return bus;
}

async function startBroker(kept: EventStore, tokens: readonly string[], registerWithinMs?: number) {
  let isDead = false;
  const store: EventStore = {
    ...kept,
    append: (...records) => (isDead ? Promise.reject(new StoreUnavailable("the process has ended")) : kept.append(...records)),
  };
  const engine = createEngine({ store, log: silentLog, node: "test" });
  const fixed = peerDoor(createDoor({ own: "own-token" }), tokens, "own-token");
  const door: PeerDoor = {
    ...fixed,
    admit(token, id) {
      const pass = fixed.admit(token, id);
      return pass === undefined ? undefined : { ...pass, stands: () => tokens.includes(token) };
    },
    stands: (fingerprint, id) =>
      fixed.stands(fingerprint, id) && tokens.some((token) => fixed.admit(token, id)?.fingerprint === fingerprint),
  };
  const open = () => engine.open(mail, "s" as SessionId, {});
  const offices = createOffices(async (id) => {
    const stream = await open();
    const evidence = async (revision: number): Promise<unknown> => {
      for await (const { text } of store.read(STREAM, revision - 1, 1)) return (JSON.parse(text) as LogRecord).command;
      throw new Error(`no record ${revision}`);
    };
    return openPostOffice({ stream, evidence, stands: (fingerprint) => door.stands(fingerprint, id), log: silentLog });
  });
  const onActivity = (): void => undefined;
  const edge = createPeerEdge({ door, enter: (id) => offices.enter(id), registerWithinMs, onActivity, log: silentLog });
  const sockets = peerSockets();
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    allowedOrigins: [],
    routes: new Hono(),
    upgrade: () => ({ sockets, farewell: FAREWELL, take: (socket, request) => edge.serve(socket, request.socket, "s") }),
  });
  async function stop(): Promise<void> {
    await server[Symbol.asyncDispose]();
    edge[Symbol.dispose]();
    offices[Symbol.dispose]();
    await engine.close();
  }
  function kill(): Promise<void> {
    for (const client of sockets.clients) client.terminate();
    return stop();
  }
  return {
    port: server.port,
    stream: open,
    dismiss: () => edge.dismiss(),
    stop,
    kill,
    crash() {
      isDead = true;
      return kill();
    },
  };
}

function rawPeer(socket: WebSocket): RawPeer {
  const received: string[] = [];
  let arrived: () => void = () => undefined;
  socket.on("message", (data: Buffer) => {
    received.push(data.toString("utf8"));
    arrived();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<Closed>((resolve) => {
    socket.on("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
      arrived();
    });
  });

  async function texts(count: number): Promise<readonly string[]> {
    while (received.length < count) {
      if (socket.readyState === WebSocket.CLOSED) throw new Error("closed");
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    return received.splice(0, count);
  }

  const peer: RawPeer = {
    socket,
    closed,
    send: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    texts,
    arrived: () => received.splice(0),
    async next() {
      const [text = ""] = await texts(1);
      return JSON.parse(text) as Frame;
    },
    async sofar() {
      peer.send({ protocol_version: "v1", type: "peers" });
      const frames: Frame[] = [];
      for (;;) {
        const frame = await peer.next();
        if (frame.type === "peers") return frames;
        frames.push(frame);
      }
    },
  };
  return peer;
}

let ids = 0;

/** A direct envelope, as an adapter would send it. */
export function letter(from: string, to: string, body: unknown, more: object = {}): { readonly id: string } {
  const id = `id${(ids += 1)}`;
  const members = { protocol_version: "v1", id, from, to, ts: "2026-05-18T12:00:00Z", source: "peer-bus", kind: "msg", body, hmac: "00" };
  return { ...members, ...more };
}

export function broadcast(from: string, body: unknown): { readonly id: string } {
  return letter(from, "*", body, { kind: "broadcast" });
}

export function ack(key: string | undefined): object {
  return { protocol_version: "v1", type: "ack", id: key };
}
