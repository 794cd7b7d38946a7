/** A peer that costs next to nothing: it knows that a message has arrived by the message's own id in the frame. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { within } from "../../smoke/support/wait.ts";
import { mustBe, WrongResult } from "../measurement.ts";
import { connectOnly } from "./talker.ts";

/** Among the variables of a sidecar whose peers these are. */
export const PEER_TOKEN = "bench-peer-token-of-no-value";

export interface Mailer extends AsyncDisposable {
  /** Sends a message, or many that leave together. */
  send(texts: readonly string[]): void;
  /** Resolves when the message of this id has been delivered here; it has been acknowledged then. */
  arrived(id: string): Promise<void>;
}

/** @param address - `ws://127.0.0.1:38123` */
export async function registerPeer(address: string, name: string): Promise<Mailer> {
  const socket = await connectOnly(`${address}/peer`);
  let awaited: Buffer | undefined;
  let resolve: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  socket.on("message", (frame: Buffer) => {
    if (awaited === undefined || !frame.includes(awaited)) return;
    const { type, delivery_key } = JSON.parse(frame.toString()) as { type: string; delivery_key?: string };
    if (type !== "deliver") return;
    socket.send(JSON.stringify({ protocol_version: "v1", type: "ack", id: delivery_key }));
    awaited = undefined;
    resolve();
  });
  socket.on("close", (code) => fail(new WrongResult(`the connection of the peer ${name} ended with ${code}`)));
  const seated = once(socket, "message");
  socket.send(JSON.stringify({ protocol_version: "v1", type: "register", token: PEER_TOKEN, name }));
  const [frame] = (await within(`the registration of ${name}`, seated)) as [Buffer];
  mustBe(frame.includes('"peers"'), `${name} was answered ${frame.toString().slice(0, 200)}`);

  return {
    send(texts) {
      for (const text of texts) socket.send(text);
    },
    arrived(id) {
      awaited = Buffer.from(id);
      return new Promise((done, failed) => {
        resolve = done;
        fail = failed;
      });
    },
    async [Symbol.asyncDispose]() {
      fail = () => undefined;
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.terminate();
      await once(socket, "close");
    },
  };
}

let letters = 0;

export interface Letter {
  readonly id: string;
  readonly text: string;
}

/** An envelope as an adapter writes it. A broker looks at no HMAC. */
export function letter(from: string, to: string): Letter {
  const id = (letters += 1).toString(16).padStart(32, "0");
  const body = { text: "The clock has its own interface now; take it from there, and tell me when the tests are green." };
  const ts = new Date().toISOString();
  return {
    id,
    text: JSON.stringify({ protocol_version: "v1", id, from, to, ts, source: "peer-bus", kind: "msg", body, hmac: "0".repeat(64) }),
  };
}

export function lettersFor(from: string, to: string, count: number): Letter[] {
  return Array.from({ length: count }, () => letter(from, to));
}

/** How long each takes from its sender to its recipient, in milliseconds. */
export async function timeLetters(sender: Mailer, recipient: Mailer, letters: readonly Letter[]): Promise<number[]> {
  const took: number[] = [];
  for (const { id, text } of letters) {
    const began = performance.now();
    const arrived = recipient.arrived(id);
    sender.send([text]);
    await arrived;
    took.push(performance.now() - began);
  }
  return took;
}
