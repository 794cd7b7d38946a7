/** A small broker of the peer bus: it keeps what was not acknowledged, in memory, and does what its test tells it beyond that. */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { canonicalEnvelope, readEnvelope, travellingEnvelope } from "../../wire/peer/canonical.ts";

export const SECRET = "0123456789abcdef0123456789abcdef";

type Frame = Readonly<Record<string, unknown>>;

interface Row {
  readonly key: string;
  readonly to: string;
  /** The envelope as it travels. */
  readonly envelope: string;
  pushed: number;
}

export interface Broker extends AsyncDisposable {
  readonly url: string;
  /** Everything that peers said, each with the name it was said under. */
  readonly heard: readonly { readonly name: string; readonly frame: Frame; readonly text: string }[];
  /** Keys of what was not acknowledged. */
  unacknowledged(): readonly string[];
  /** Ends connections without a word: one peer's, or all. */
  cut(name?: string): void;
  /** Says something to a peer that is connected. */
  say(name: string, text: string): void;
  /** Takes an envelope as if a peer had sent it. */
  take(envelope: string): void;
  isConnected(name: string): boolean;
  /** Resolves when all that a peer has sent until it hears of this was taken. */
  settled(name: string): Promise<void>;
  /** Questions for the peers wait while this is false. */
  answersPeers: boolean;
  /** What a registration of that name is refused with. */
  readonly refused: Map<string, { readonly code: number; readonly reason: string }>;
  /** Said before the registration of a peer is answered. */
  first: ((name: string) => string) | undefined;
}

export async function startBroker(): Promise<Broker> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  const known = new Set<string>();
  const connected = new Map<string, { readonly socket: WebSocket; readonly marks: boolean }>();
  const refused: Broker["refused"] = new Map();
  const rows = new Map<string, Row>();
  const heard: { name: string; frame: Frame; text: string }[] = [];
  let unanswered: (() => void)[] = [];
  let answersPeers = true;

  function push(row: Row): void {
    const peer = connected.get(row.to);
    if (peer === undefined) return;
    const mark = peer.marks && row.pushed > 0 ? ',"redelivered":true' : "";
    row.pushed += 1;
    const key = JSON.stringify(row.key);
    peer.socket.send(`{"protocol_version":"v1","type":"deliver","delivery_key":${key},"envelope":${row.envelope}${mark}}`);
  }

  function take(text: string, from?: string): void {
    const envelope = readEnvelope(text);
    if (envelope === undefined) return;
    const isForAll = envelope.to === "*";
    const recipients = isForAll ? [...connected.keys()].filter((name) => name !== from) : [envelope.to].filter((name) => known.has(name));
    for (const to of recipients) {
      const key = isForAll ? `${envelope.id}|${to}` : envelope.id;
      const row = { key, to, envelope: travellingEnvelope(envelope), pushed: 0 };
      rows.set(key, row);
      push(row);
    }
  }

  function register(socket: WebSocket, { name: said, marks }: Frame): void {
    const name = String(said);
    const refusal = refused.get(name);
    if (refusal !== undefined) return socket.close(refusal.code, refusal.reason);
    known.add(name);
    connected.get(name)?.socket.terminate();
    connected.set(name, { socket, marks: marks === true });
    if (broker.first !== undefined) socket.send(broker.first(name));
    socket.send(peersFrame());
    for (const row of rows.values()) if (row.to === name) push(row);

    socket.on("close", () => {
      if (connected.get(name)?.socket === socket) connected.delete(name);
    });
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      const frame = JSON.parse(text) as Frame;
      heard.push({ name, frame, text });
      if (frame["type"] === "ack") rows.delete(String(frame["id"]));
      else if (frame["type"] !== "peers") take(text, name);
      else if (answersPeers) socket.send(peersFrame());
      else unanswered.push(() => socket.send(peersFrame()));
    });
  }

  const peersFrame = (): string => JSON.stringify({ protocol_version: "v1", type: "peers", names: [...connected.keys()].sort() });

  server.on("connection", (socket) => {
    socket.once("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      heard.push({ name: String(frame["name"]), frame, text: data.toString() });
      register(socket, frame);
    });
  });

  const broker: Broker = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    refused,
    first: undefined,
    unacknowledged: () => [...rows.keys()],
    cut(name) {
      for (const [known, { socket }] of connected) if (name === undefined || name === known) socket.terminate();
    },
    say: (name, text) => connected.get(name)?.socket.send(text),
    take,
    isConnected: (name) => connected.has(name),
    settled: (name) =>
      new Promise((resolve) => {
        const socket = connected.get(name)?.socket;
        socket?.once("pong", () => resolve());
        socket?.ping();
      }),
    get answersPeers() {
      return answersPeers;
    },
    set answersPeers(value) {
      answersPeers = value;
      if (value) for (const say of unanswered.splice(0)) say();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return broker;
}

/** Text of an envelope to bo, without its HMAC. */
export function unsignedEnvelope(id: string, body = "1", members: Readonly<Record<string, string>> = {}): string {
  const said = { protocol_version: "v1", id, from: "ana", to: "bo", ts: "t", source: "peer-bus", kind: "msg", ...members };
  return canonicalEnvelope({ ...said, body });
}
