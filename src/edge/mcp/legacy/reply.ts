/**
 * The answer to one POST: JSON, until something is said before it is whole, which makes a stream of it.
 */
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { createOutlet, type Outlet, STREAM_HEADERS } from "./outlet.ts";
import { eventText } from "./events.ts";
import type { KeptStream } from "./kept-streams.ts";

export interface Reply {
  readonly response: Promise<Response>;
  /** Says something that is no answer; false where the client takes no stream. */
  tell(message: JSONRPCMessage): boolean;
  answer(message: object): void;
  /** Everything that will be answered is. */
  finish(): void;
  /** Answers with this instead; ends the stream where there is one. */
  refuse(instead: Response): void;
  /** Ends the HTTP response; its client is to come back for the rest. False where it cannot. */
  part(): boolean;
}

export interface ReplyOptions {
  /** What the client accepts. */
  readonly form: "json" | "stream" | "either";
  readonly isBatch: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Keeps the stream for a client that loses it; it cannot come back without. */
  readonly keep?: ((outlet: Outlet) => KeptStream) | undefined;
  /** Whether the client understands an event that says nothing but where to go on. */
  readonly primes: boolean;
}

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 500;

export function createReply({ form, isBatch, headers = {}, keep, primes }: ReplyOptions): Reply {
  const answers: object[] = [];
  let resolve: (response: Response) => void = () => undefined;
  const response = new Promise<Response>((settle) => {
    resolve = settle;
  });
  let stream: Pick<KeptStream, "send" | "end" | "part"> | undefined;

  function open(): Pick<KeptStream, "send" | "end" | "part"> {
    const outlet = createOutlet({ onEnd: () => undefined });
    const kept = keep?.(outlet);
    if (primes) kept?.begin(RETRY_MS);
    stream = kept ?? {
      send: (message) => outlet.send(eventText({ data: JSON.stringify(message) })),
      end: () => outlet.end(),
      part: () => outlet.end(),
    };
    for (const answer of answers) stream.send(answer);
    resolve(new Response(outlet.body, { headers: { ...STREAM_HEADERS, ...headers } }));
    return stream;
  }

  return {
    response,
    tell(message) {
      if (form === "json") return false;
      (stream ?? open()).send(message);
      return true;
    },
    answer(message) {
      if (stream === undefined) answers.push(message);
      else stream.send(message);
    },
    finish() {
      if (stream !== undefined) return stream.end();
      if (answers.length === 0) return resolve(new Response(null, { status: 202, headers }));
      if (form === "stream") return open().end();
      const body = JSON.stringify(isBatch ? answers : answers[0]);
      return resolve(new Response(body, { headers: { "content-type": "application/json", ...headers } }));
    },
    refuse(instead) {
      if (stream !== undefined) return stream.end();
      resolve(instead);
    },
    part() {
      if (keep === undefined || !primes || form === "json") return false;
      (stream ?? open()).part();
      return true;
    },
  };
}
