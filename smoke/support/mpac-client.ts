/**
 * A foreign MPAC client: a WebSocket and the envelope of the specification, written without a line of ours, so that what
 * it gets on with is the protocol and not our own client.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { eventually, PATIENCE_MS, within } from "./wait.ts";

export type Members = Readonly<Record<string, unknown>>;

export interface MpacFrame {
  readonly message_type?: string;
  readonly message_id?: string;
  /** Of the frames beside the specification. */
  readonly type?: string;
  readonly sender?: { readonly principal_id: string };
  readonly payload?: Members;
  readonly [member: string]: unknown;
}

export interface MpacClient extends AsyncDisposable {
  readonly principal: string;
  /** Every frame that came, in order. */
  readonly frames: readonly MpacFrame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly socket: WebSocket;
  /** Sends a message of this client and gives its id. */
  send(type: string, payload: Members, over?: Members): string;
  /** Sends a frame that is no message. */
  sendRaw(frame: unknown): void;
  /** The first frame that matches, of those that came and will come. */
  frame(what: string, matches: (frame: MpacFrame) => boolean): Promise<MpacFrame>;
  /** What is answered to a message: it comes back, or PROTOCOL_ERROR refers to it. */
  outcome(messageId: string): Promise<MpacFrame>;
  /** Sends HELLO and waits for SESSION_INFO. @throws Error with the refusal */
  join(payload?: Members): Promise<MpacFrame>;
}

export interface MpacOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly instance?: string;
  /** The certificate that is trusted, where it is of no known authority. */
  readonly ca?: Buffer;
}

/** Connects, without joining. */
export async function connectMpac(uri: string, principal: string, { headers, instance, ca }: MpacOptions = {}): Promise<MpacClient> {
  const socket = new WebSocket(uri, {
    perMessageDeflate: false,
    ...(headers === undefined ? {} : { headers }),
    ...(ca === undefined ? {} : { ca }),
  });
  const frames: MpacFrame[] = [];
  const sender = { principal_id: principal, principal_type: "agent", sender_instance_id: instance ?? `${principal}:${randomUUID()}` };
  const sessionId = /\/session\/([^/]+)/.exec(uri)?.[1] ?? "";
  let lamport = 0;
  socket.on("message", (bytes: Buffer) => {
    const frame = JSON.parse(bytes.toString()) as MpacFrame;
    const value = (frame["watermark"] as { value?: unknown } | undefined)?.value;
    if (typeof value === "number") lamport = Math.max(lamport, value) + 1;
    frames.push(frame);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await within(`a connection to ${uri}`, once(socket, "open"));
  socket.on("error", () => undefined);

  const client: MpacClient = {
    principal,
    frames,
    closed,
    socket,
    send(type, payload, over = {}) {
      const message = {
        protocol: "MPAC",
        version: "0.1.15",
        message_type: type,
        message_id: randomUUID(),
        session_id: sessionId,
        sender,
        ts: new Date().toISOString(),
        payload,
        watermark: { kind: "lamport_clock", value: (lamport += 1) },
        ...over,
      };
      socket.send(JSON.stringify(message));
      return message.message_id;
    },
    sendRaw: (frame) => socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)),
    frame: (what, matches) =>
      eventually(
        `${what} at ${principal}`,
        () => {
          const found = frames.find(matches);
          if (found === undefined && socket.readyState !== WebSocket.OPEN)
            throw new Error(`the connection of ${principal} ended before ${what}`);
          return found;
        },
        PATIENCE_MS,
      ),
    outcome: (id) => client.frame(`an answer to ${id}`, (frame) => frame.message_id === id || frame.payload?.["refers_to"] === id),
    async join(payload = {}) {
      const id = client.send("HELLO", { display_name: principal, roles: ["contributor"], capabilities: ["intent.broadcast"], ...payload });
      const answer = await client.frame(
        "SESSION_INFO",
        (frame) =>
          frame.message_type === "SESSION_INFO" || (frame.message_type === "PROTOCOL_ERROR" && frame.payload?.["refers_to"] === id),
      );
      if (answer.message_type !== "SESSION_INFO") throw new Error(`${principal} was refused: ${String(answer.payload?.["description"])}`);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.terminate();
      await closed;
    },
  };
  return client;
}

/** Asks for the session's summary over a connection of its own, without joining, as the original bridge does. */
export async function askSummary(uri: string): Promise<Members> {
  await using client = await connectMpac(uri, "onlooker");
  client.sendRaw({ type: "SESSION_SUMMARY" });
  const answer = await client.frame("the summary", (frame) => frame.type === "SESSION_SUMMARY_RESPONSE");
  return answer["session"] as Members;
}
