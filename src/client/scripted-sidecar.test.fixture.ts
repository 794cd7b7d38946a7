/** A WebSocket server whose test says what it answers: it hands out the frames it hears, one by one, by their type. */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

type Members = Record<string, unknown>;

export interface Heard {
  readonly type: string;
  /** `message_id` or `query_id`. */
  readonly id: string;
  readonly frame: Members;
  readonly payload: Members;
  readonly signalbox: Members;
  readonly text: string;
  readonly socket: WebSocket;
}

export interface Opening {
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface ScriptedSidecar extends AsyncDisposable {
  readonly uri: string;
  readonly locate: () => Promise<{ uri: string }>;
  /** Every frame so far, over all connections. */
  readonly heard: readonly Heard[];
  /** What each connection was opened with. */
  readonly requests: readonly Opening[];
  /** The next frame of that type that no test has taken yet. */
  next(type: string): Promise<Heard>;
  send(to: Heard, frame: object): void;
  /** Speaks as the coordinator, `payload` in an envelope. */
  say(to: Heard, type: string, payload: object, members?: object): void;
  ack(to: Heard, ack?: object): void;
  refuse(to: Heard, refusal: string, more?: object, errorCode?: string): void;
  admit(hello: Heard, info?: object): void;
  /** Cuts every connection without a word. */
  cut(): void;
  close(code: number): void;
}

export interface Script {
  /** Answers every HELLO by itself unless this is false. */
  readonly admits?: boolean;
  readonly autoPong?: boolean;
  /** Closes the connection after GOODBYE unless this is false. */
  readonly letsGo?: boolean;
  /** What SESSION_INFO says beyond the usual. */
  readonly info?: object;
}

export async function scriptedSidecar({ admits = true, autoPong = true, letsGo = true, info = {} }: Script = {}): Promise<ScriptedSidecar> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, autoPong });
  await new Promise((resolve) => server.once("listening", resolve));
  const uri = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const heard: Heard[] = [];
  const requests: Opening[] = [];
  const taken = new Set<Heard>();
  let waiting: { type: string; resolve: (heard: Heard) => void }[] = [];
  let said = 0;

  function hand(): void {
    waiting = waiting.filter(({ type, resolve }) => {
      const found = heard.find((one) => one.type === type && !taken.has(one));
      if (found === undefined) return true;
      taken.add(found);
      resolve(found);
      return false;
    });
  }

  const sidecar: ScriptedSidecar = {
    uri,
    locate: () => Promise.resolve({ uri }),
    heard,
    requests,
    next: (type) =>
      new Promise((resolve) => {
        waiting.push({ type, resolve });
        hand();
      }),
    send: ({ socket }, frame) => socket.send(JSON.stringify(frame)),
    say(to, type, payload, members = {}) {
      const value = (said += 1024);
      const sender = { principal_id: "service:coordinator-s", principal_type: "service", sender_instance_id: "s:epoch-1" };
      const watermark = { kind: "lamport_clock", value };
      sidecar.send(to, {
        protocol: "MPAC",
        message_type: type,
        message_id: `said-${said}`,
        session_id: "s",
        sender,
        payload,
        watermark,
        ...members,
      });
    },
    ack(to, ack = { revision: 1 }) {
      sidecar.send(to, { ...to.frame, payload: { ...to.payload, extensions: { signalbox: { ...to.signalbox, ack } } } });
    },
    refuse(to, refusal, more = {}, errorCode = "X") {
      const extensions = { signalbox: { refusal, retryable: false, ...more } };
      sidecar.say(to, "PROTOCOL_ERROR", { error_code: errorCode, description: `refused: ${refusal}`, refers_to: to.id, extensions });
    },
    admit(hello, more = {}) {
      const signalbox = { control: 1, version: "0.1.0", revision: 1, workspace_dir: "/w", intents: [] };
      sidecar.say(hello, "SESSION_INFO", { session_id: "s", granted_roles: [], extensions: { signalbox }, ...info, ...more });
    },
    cut() {
      for (const client of server.clients) client.terminate();
    },
    close(code) {
      for (const client of server.clients) client.close(code);
    },
    async [Symbol.asyncDispose]() {
      sidecar.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  server.on("connection", (socket, { url, headers }) => {
    requests.push({ url, headers });
    socket.on("error", () => undefined);
    socket.on("message", (raw: Buffer) => {
      const text = raw.toString();
      const frame = JSON.parse(text) as Members;
      const payload = (frame["payload"] ?? {}) as Members;
      const extensions = (payload["extensions"] ?? {}) as Members;
      const one: Heard = {
        type: String(frame["message_type"] ?? frame["type"]),
        id: String(frame["message_id"] ?? frame["query_id"]),
        frame,
        payload,
        signalbox: (extensions["signalbox"] ?? {}) as Members,
        text,
        socket,
      };
      heard.push(one);
      if (admits && one.type === "HELLO") sidecar.admit(one);
      if (letsGo && one.type === "GOODBYE") socket.close(1000);
      hand();
    });
  });
  return sidecar;
}
