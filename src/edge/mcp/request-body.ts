/** Reads the body of a request up to a bound, straight from the socket: it is read once, and nothing is made of it before. */
import type { IncomingMessage } from "node:http";

export type Body = { readonly bytes: Buffer } | { readonly refused: "too-long" | "broken-off" };

export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Body> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve({ refused: "too-long" });
  // It was looked who asks in the meantime: of a client that has gone since, nothing more is heard.
  if (incoming.destroyed) return Promise.resolve({ refused: "broken-off" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (body: Body): void => {
      incoming.off("data", onData).off("end", onEnd).off("close", onBroken).off("error", onBroken);
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) return end({ refused: "too-long" });
      chunks.push(chunk);
    };
    const onEnd = (): void => end({ bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
    const onBroken = (): void => end({ refused: "broken-off" });
    incoming.on("data", onData).on("end", onEnd).on("close", onBroken).on("error", onBroken);
  });
}
