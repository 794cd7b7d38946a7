/**
 * A client that costs next to nothing: it sends texts that were made before, and of what comes it looks only for its answer.
 *
 * It joins as a Signalbox client does, so that whatever it sends comes back acknowledged, once that is durable.
 */
import { once } from "node:events";
import { WebSocket } from "ws";
import { within } from "../../smoke/support/wait.ts";
import { WrongResult } from "../measurement.ts";

/** What only the acknowledgement of an own message holds, near its end: it closes one more object than what is relayed. */
const ACKNOWLEDGED = Buffer.from('"ack":{');
const TAIL_BYTES = 200;
const CLOSED_BY_AN_ACKNOWLEDGEMENT = 5;

const REFUSED = Buffer.from('{"protocol":"MPAC","version":"0.1.15","message_type":"PROTOCOL_ERROR"');

const [P, CLOSING_BRACE] = Buffer.from("P}") as unknown as [number, number];
/** Where the type of a message begins. */
const TYPE_AT = REFUSED.indexOf("PROTOCOL_ERROR");

const WELCOME = Buffer.from('"SESSION_INFO"');

export interface Talker extends AsyncDisposable {
  /** Sends it and gives the answer to it. */
  ask(text: string): Promise<Buffer>;
  /** Sends all at once and resolves when all are answered. */
  askAll(texts: readonly string[]): Promise<void>;
}

/** Every frame is an answer. */
export function talkToEcho(uri: string): Promise<Talker> {
  return connect(uri, () => true);
}

/** @throws WrongResult when it is refused, now or later */
export async function joinSession(uri: string, principal: string): Promise<Talker> {
  let isAnswer = (frame: Buffer): boolean => frame.includes(WELCOME);
  const talker = await connect(uri, (frame) => {
    if (frame[TYPE_AT] === P && frame.subarray(0, REFUSED.length).equals(REFUSED))
      throw new WrongResult(`${principal} was refused: ${frame.toString().slice(0, 500)}`);
    return isAnswer(frame);
  });
  await within(
    `the joining of ${principal}`,
    talker.ask(message("HELLO", principal, { display_name: principal, extensions: { signalbox: {} } })),
  );
  isAnswer = (frame) => frame[frame.length - CLOSED_BY_AN_ACKNOWLEDGEMENT] === CLOSING_BRACE && frame.includes(ACKNOWLEDGED, -TAIL_BYTES);
  return talker;
}

/** A socket that says nothing. */
export async function connectOnly(uri: string): Promise<WebSocket> {
  const socket = new WebSocket(uri, { perMessageDeflate: false });
  socket.on("error", () => undefined);
  await within(`a connection to ${uri}`, once(socket, "open"));
  return socket;
}

async function connect(uri: string, isAnswer: (frame: Buffer) => boolean): Promise<Talker> {
  const socket = await connectOnly(uri);
  let waiting = 0;
  let answer: (frame: Buffer) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  socket.on("message", (frame: Buffer) => {
    try {
      if (isAnswer(frame) && (waiting -= 1) === 0) answer(frame);
    } catch (error) {
      fail(error as Error);
    }
  });
  socket.on("close", (code) => fail(new WrongResult(`the connection to ${uri} ended with ${code}`)));

  function send(texts: readonly string[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      answer = resolve;
      fail = reject;
      waiting = texts.length;
      for (const text of texts) socket.send(text);
    });
  }
  return {
    ask: (text) => send([text]),
    askAll: async (texts) => (texts.length === 0 ? undefined : void (await send(texts))),
    async [Symbol.asyncDispose]() {
      fail = () => undefined;
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.terminate();
      await once(socket, "close");
    },
  };
}

let messages = 0;

/** A message as a bridge writes it. */
export function message(type: string, principal: string, payload: object): string {
  return JSON.stringify({
    protocol: "MPAC",
    version: "0.1.15",
    message_type: type,
    message_id: `00000000-0000-4000-8000-${String((messages += 1)).padStart(12, "0")}`,
    session_id: "bench",
    sender: { principal_id: principal, principal_type: "agent", sender_instance_id: `${principal}:bench` },
    ts: new Date().toISOString(),
    watermark: { kind: "lamport_clock", value: messages },
    payload,
  });
}

let intents = 0;

export interface Announcement {
  readonly intent: string;
  readonly text: string;
}

/** An announcement of two files that nobody else names, under an id that nobody else has. */
export function announcement(principal: string): Announcement {
  const number = (intents += 1);
  const intent = `intent-${String(number).padStart(16, "0")}`;
  const folder = `src/part-${number % 997}`;
  const payload = {
    intent_id: intent,
    objective: "Move the session's clock behind its own interface",
    scope: { kind: "file_set", resources: [`${folder}/clock-${number}.ts`, `${folder}/clock-${number}.test.ts`] },
    ttl_sec: 86_400,
    extensions: { signalbox: { on_overlap: "block", request_id: `request-${number}` } },
  };
  return { intent, text: message("INTENT_ANNOUNCE", principal, payload) };
}

export function announcements(principal: string, count: number): Announcement[] {
  return Array.from({ length: count }, () => announcement(principal));
}

export function withdrawal(principal: string, { intent }: Announcement): string {
  return message("INTENT_WITHDRAW", principal, { intent_id: intent, reason: "done" });
}

/** How long the answer to each of them takes, in milliseconds, and the last answer. */
export async function timeEach(talker: Talker, texts: readonly string[]): Promise<{ readonly took: number[]; readonly last: Buffer }> {
  const took: number[] = [];
  let last: Buffer = Buffer.alloc(0);
  for (const text of texts) {
    const began = performance.now();
    last = await talker.ask(text);
    took.push(performance.now() - began);
  }
  return { took, last };
}

/** Operations until V8 has compiled what it is going to compile, announced and withdrawn many at a time. */
const WARM = 3_000;
const WARM_AT_ONCE = 250;

/** A sidecar as it is after some hours of a day. */
export async function warmUp(talker: Talker, principal: string): Promise<void> {
  for (let done = 0; done < WARM; done += WARM_AT_ONCE) {
    const announced = announcements(principal, WARM_AT_ONCE);
    await talker.askAll(announced.map(({ text }) => text));
    await talker.askAll(announced.map((one) => withdrawal(principal, one)));
  }
}
