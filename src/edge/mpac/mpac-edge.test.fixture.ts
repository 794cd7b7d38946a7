/** A session served on a real port, and raw WebSocket clients of it, for the tests of this edge. */
import { once } from "node:events";
import { Hono } from "hono";
import { WebSocket } from "ws";
import { session } from "../../core/session/session.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { redecide } from "../../engine/redecide.ts";
import { memoryStore } from "../../store/memory.ts";
import type { SessionId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { LogRecord } from "../../wire/record.ts";
import { listen } from "../http/http-server.ts";
import type { WorkspaceFiles } from "./commands.ts";
import { createDoor, type DoorOptions } from "../http/door.ts";
import type { Peer } from "../http/peer.ts";
import { createMpacEdge } from "./mpac-edge.ts";
import { NOTHING_OBSERVED, type Observations } from "./observed-views.ts";
import type { Rate } from "../http/rate.ts";
import { openRoom } from "./room.ts";
import { createSessionEdge } from "./session-edge.ts";

export interface Received {
  readonly message_type?: string;
  readonly type?: string;
  readonly message_id?: string;
  readonly sender?: { readonly principal_id: string };
  // Whatever the protocol says stands in it: tests look at members by name.
  readonly payload: Readonly<Record<string, unknown>> & {
    readonly extensions?: { readonly signalbox?: Readonly<Record<string, unknown>> };
  };
  readonly watermark?: { readonly value: number };
  readonly [member: string]: unknown;
}

export interface TestClient extends Disposable {
  send(type: string, payload: object, more?: object): string;
  raw(text: string): void;
  /** The next frame that fits, dropping those before it. */
  next(fits: (frame: Received) => boolean): Promise<Received>;
  /** Everything received up to the answer to a question asked now. */
  sofar(): Promise<readonly Received[]>;
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
}

export const of =
  (type: string) =>
  (frame: Received): boolean =>
    frame.message_type === type || frame.type === type;

const noFiles: WorkspaceFiles = {
  reference: () => Promise.resolve(null),
  read: () => Promise.resolve({ refused: "File not found" }),
  list: () => Promise.resolve({ files: [], truncated: false }),
};

export interface Served {
  readonly peer?: Peer;
  readonly files?: Partial<WorkspaceFiles>;
  readonly observations?: Observations;
  readonly door?: Partial<DoorOptions>;
  readonly rate?: Rate;
  readonly lookAfterMs?: number;
  readonly settings?: JsonObject;
}

export async function serveSession(options: Served = {}) {
  const { peer = "same-user", files = {}, observations = NOTHING_OBSERVED, door = {}, rate, lookAfterMs, settings = {} } = options;
  const store = memoryStore();
  const engine = createEngine({ store, log: silentLog, node: "test" });
  const sessionId = "s" as SessionId;
  const profile = door.table === undefined ? "open" : "authenticated";
  const stream = await engine.open(session, sessionId, { root: "/repo", profile, ...settings });
  const room = await openRoom(
    stream,
    { sessionId, workspaceDir: "/repo", version: "0", control: 1 },
    { nowMs: () => engine.nowMs(), isLiving: () => false, answerMs: 100 },
  );
  const inside = createSessionEdge({ room, engine, files: { ...noFiles, ...files }, observations });
  const edge = createMpacEdge({
    door: createDoor({ own: "own-token", ...door }),
    enter: () => Promise.resolve({ session: inside, [Symbol.dispose]: () => undefined }),
    rate,
    lookAfterMs,
    nowMs: () => engine.nowMs(),
    onActivity: () => undefined,
    log: silentLog,
  });
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    allowedOrigins: [],
    routes: new Hono(),
    upgrade: () => (socket, request) => {
      const { authorization } = request.headers;
      edge.serve(socket, request.socket, { sessionId, authorization, peer: () => Promise.resolve(peer) });
    },
  });
  return {
    store,
    stream,
    inside: inside.inside,
    edge,
    connect: (principal: string, instance = "1", headers: Readonly<Record<string, string>> = {}) =>
      connectTo(server.port, { principal, instance, headers }),
    port: server.port,
    async log(): Promise<readonly string[]> {
      const texts: string[] = [];
      for await (const { text } of store.read(stream.host.stream, 0)) texts.push(text);
      return texts;
    },
    /** Every stream that a test makes is decided once more on the way out. */
    async [Symbol.asyncDispose]() {
      edge[Symbol.dispose]();
      inside[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      await engine.close();
      redecide(
        session,
        (await this.log()).map((text) => JSON.parse(text) as LogRecord),
      );
      await store.close();
    },
  };
}

interface Caller {
  readonly principal: string;
  readonly instance: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function connectTo(port: number, { principal, instance, headers }: Caller): Promise<TestClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false, headers });
  const frames: Received[] = [];
  let arrived: () => void = () => undefined;
  socket.on("message", (data: Buffer) => {
    frames.push(JSON.parse(data.toString()) as Received);
    arrived();
  });
  const closed = once(socket, "close").then(([code]) => code as number);
  await once(socket, "open");
  let sent = 0;

  async function next(fits: (frame: Received) => boolean): Promise<Received> {
    for (;;) {
      for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) if (fits(frame)) return frame;
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
  }

  return {
    socket,
    closed,
    next,
    raw: (text) => socket.send(text),
    send(type, payload, more = {}) {
      const id = `${principal}-${(sent += 1)}`;
      const sender = { principal_id: principal, principal_type: "agent", sender_instance_id: `${principal}:${instance}` };
      socket.send(JSON.stringify({ message_type: type, message_id: id, sender, payload, ...more }));
      return id;
    },
    async sofar() {
      const seen: Received[] = [];
      const id = `sofar-${(sent += 1)}`;
      socket.send(JSON.stringify({ type: "SIGNALBOX_QUERY", query_id: id, query: { kind: "intent", intent_id: "none" } }));
      await next((frame) => {
        seen.push(frame);
        return frame["query_id"] === id;
      });
      return seen.slice(0, -1);
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}

export const scope = (...resources: string[]) => ({ kind: "file_set", resources });
