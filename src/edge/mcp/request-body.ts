/**
 * Reads the body of a request up to a bound, straight from the socket: it is read once, and nothing is made of it before.
 *
 * A body is as much as has come of it: who declares a long one and sends nothing takes no room.
 */
import type { IncomingMessage } from "node:http";
import type { Claim } from "../http/reading-room.ts";

export type Body = { readonly bytes: Buffer } | { readonly refused: "too-long" | "no-room" | "broken-off" };

export function readBody(incoming: IncomingMessage, maxBytes: number, claim: Claim): Promise<Body> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve({ refused: "too-long" });
  // It was looked who asks in the meantime: of a client that has gone since, nothing more is heard.
  if (incoming.destroyed) return Promise.resolve({ refused: "broken-off" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (body: Body): void => {
      incoming.off("data", onData).off("end", onEnd).off("close", onBroken).off("error", onBroken);
      claim[Symbol.dispose]();
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) return end({ refused: "too-long" });
      if (!claim.holds(length)) return end({ refused: "no-room" });
      chunks.push(chunk);
    };
    const onEnd = (): void => end({ bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
    const onBroken = (): void => end({ refused: "broken-off" });
    incoming.on("data", onData).on("end", onEnd).on("close", onBroken).on("error", onBroken);
  });
}

/** Members and elements of one message, all in all: what is long here is one text, and a hundred calls with all files that each may name are fewer. */
const MAX_PARTS = 64 * 1024;

/**
 * Whether a text of JSON has more parts than a message of ours could have. A text that is short for its parts costs a hundred times
 * as much to read as a long one with few, and all others would wait for that.
 */
export function isManifold(bytes: Uint8Array, most = MAX_PARTS): boolean {
  if (bytes.length <= most) return false;
  let parts = 0;
  let isInText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (isInText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isInText = false;
    } else if (byte === QUOTE) isInText = true;
    else if (byte === COMMA || byte === OPENING_BRACKET || byte === OPENING_BRACE) {
      parts += 1;
      if (parts > most) return true;
    }
  }
  return false;
}

const [QUOTE, BACKSLASH, COMMA, OPENING_BRACKET, OPENING_BRACE] = Buffer.from('"\\,[{');
