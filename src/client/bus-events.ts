/**
 * What happens on a bus, as it happens: one request that stays open, answered by server-sent events (`GET …/events`).
 *
 * It ends with the connection, with a silence that no living bus keeps, or with whatever is no event; whoever follows comes again
 * and takes everything for changed.
 */
import { request as plainRequest, type IncomingMessage } from "node:http";
import { request as tlsRequest } from "node:https";
import type { BusAddress } from "./bus.ts";

/** One thing that changed, as a bus tells it; of messages the topic is said, and whether a person is asked. */
export interface BusChange {
  readonly change: string;
  readonly topic?: string | undefined;
  readonly action_flag?: boolean | undefined;
}

/** Milliseconds without a word after which a bus is taken for dead: it says something every 15 s. */
const SILENCE_MS = 45_000;

/** Characters of one event: a message has 64 KiB at most, each of them escaped. */
const MAX_EVENT = 1024 * 1024;

export interface Following {
  /** Hears that it is followed from now on. */
  readonly onOpen: () => void;
  /** Undefined: something changed, and it is not known what. */
  readonly onChanges: (changes: readonly BusChange[] | undefined) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Milliseconds, 45,000 by default. */
  readonly silenceMs?: number;
}

/** Resolves when it is over, for whatever reason. */
export function followBus({ base, token }: Pick<BusAddress, "base" | "token">, following: Following): Promise<void> {
  const { onOpen, onChanges, signal, silenceMs = SILENCE_MS } = following;
  const url = new URL(`${base}/events`);
  const headers = { accept: "text/event-stream", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const request = url.protocol === "https:" ? tlsRequest : plainRequest;
  return new Promise((resolve) => {
    const asked = request(url, { agent: false, signal, headers, timeout: silenceMs }, (answer) => {
      answer.on("error", () => undefined).once("close", resolve);
      if (!isStream(answer)) return answer.destroy();
      onOpen();
      const hear = eventsIn((event, data) => onChanges(event === "board" ? changesIn(data) : undefined));
      return answer.setEncoding("utf8").on("data", (text: string) => hear(text) || answer.destroy());
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve());
    asked.end();
  });
}

function isStream({ statusCode, headers }: IncomingMessage): boolean {
  return statusCode === 200 && headers["content-type"]?.startsWith("text/event-stream") === true;
}

/** @returns takes the next piece of a stream; false when it cannot be one */
function eventsIn(tell: (event: string, data: string) => void): (text: string) => boolean {
  let rest = "";
  return (text) => {
    const blocks = `${rest}${text}`.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [event, data] = [fieldIn(block, "event"), fieldIn(block, "data")];
      if (event !== undefined && data !== undefined) tell(event, data);
    }
    return rest.length <= MAX_EVENT;
  };
}

function fieldIn(block: string, name: string): string | undefined {
  const before = `${name}: `;
  return block
    .split("\n")
    .find((line) => line.startsWith(before))
    ?.slice(before.length);
}

function changesIn(data: string): readonly BusChange[] | undefined {
  try {
    const { changes } = JSON.parse(data) as { readonly changes?: unknown };
    return Array.isArray(changes) ? changes.filter((change) => typeof (change as BusChange | null)?.change === "string") : undefined;
  } catch {
    return undefined;
  }
}
