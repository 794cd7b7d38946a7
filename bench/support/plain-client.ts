/** A participant that every MPAC coordinator takes: it knows that a message was taken when that comes back. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { within } from "../../smoke/support/wait.ts";
import { connectOnly, message } from "./talker.ts";

export interface PlainClient extends AsyncDisposable {
  /** Sends a message and waits until it has come back. */
  send(type: string, payload: object): Promise<void>;
  /** Sends a message and waits until another of this type has come. */
  sendFor(type: string, payload: object, answer: string): Promise<void>;
  /** Sends many at once and waits until the last has come back. */
  sendAll(messages: readonly (readonly [type: string, payload: object])[]): Promise<void>;
}

/** The type of a message stands in its first bytes, whoever wrote it. */
const HEAD_BYTES = 400;

export async function joinPlainly(uri: string, principal: string): Promise<PlainClient> {
  const socket = await connectOnly(uri);
  let awaited: Buffer | undefined;
  let resolve: () => void = () => undefined;
  socket.on("message", (frame: Buffer) => {
    if (awaited === undefined || !frame.subarray(0, HEAD_BYTES).includes(awaited)) return;
    awaited = undefined;
    resolve();
  });

  function ask(texts: readonly string[], sign: string): Promise<void> {
    return new Promise((done) => {
      resolve = done;
      awaited = Buffer.from(sign);
      for (const text of texts) socket.send(text);
    });
  }
  const idIn = (text: string): string => (JSON.parse(text) as { message_id: string }).message_id;

  const hello = { display_name: principal, roles: ["contributor"], capabilities: [] };
  await within(`the joining of ${principal}`, ask([message("HELLO", principal, hello)], "SESSION_INFO"));
  return {
    send(type, payload) {
      const text = message(type, principal, payload);
      return ask([text], idIn(text));
    },
    sendFor: (type, payload, answer) => ask([message(type, principal, payload)], answer),
    sendAll(messages) {
      const texts = messages.map(([type, payload]) => message(type, principal, payload));
      const last = texts.at(-1);
      return last === undefined ? Promise.resolve() : ask(texts, idIn(last));
    },
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.terminate();
      await once(socket, "close");
    },
  };
}
