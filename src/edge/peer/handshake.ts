/**
 * The first message of a connection: who it is, or with which words it is turned away. In this order, because clients and
 * their users tell by the words what is wrong.
 */
import { MAX_PEER_NAME_BYTES, PEER_PROTOCOL, readRegister, utf8Bytes } from "../../wire/peer/frames.ts";
import type { Message } from "./line.ts";

export interface Farewell {
  readonly code: number;
  readonly reason: string;
}

const policy = (reason: string): Farewell => ({ code: 1008, reason });

/** By these words clients know that they have to choose another name. */
export const NAME_CLAIMED = policy("name claimed under a different token");

/** Nothing came. */
export const SILENT: Farewell = { code: 1002, reason: "no handshake frame" };

export const UNKNOWN_TOKEN = policy("invalid bearer token");

export const NOT_KEPT: Farewell = { code: 1011, reason: "peer persistence failed" };

export interface Registration {
  readonly name: string;
  readonly fingerprint: string;
  /** Whether it wants to be told what it may have been handed before. */
  readonly marks: boolean;
}

/** @param admit - the fingerprint of a token that is known here */
export function readHandshake(
  { text, isBinary }: Message,
  admit: (token: string) => string | undefined,
): Registration | { readonly farewell: Farewell } {
  if (isBinary) return { farewell: { code: 1003, reason: "handshake must be text" } };
  const frame = readRegister(text);
  if (frame === undefined) return { farewell: { code: 1007, reason: "malformed handshake" } };
  if (frame.type !== "register") return { farewell: policy("first frame must be register") };
  if (frame.protocol_version !== PEER_PROTOCOL) return { farewell: policy("unsupported protocol version") };
  if (frame.name === "") return { farewell: policy("empty peer name") };
  if (utf8Bytes(frame.name) > MAX_PEER_NAME_BYTES) return { farewell: policy(`peer name longer than ${MAX_PEER_NAME_BYTES} bytes`) };
  const fingerprint = frame.token === "" ? undefined : admit(frame.token);
  if (fingerprint === undefined) return { farewell: UNKNOWN_TOKEN };
  return { name: frame.name, fingerprint, marks: frame.marks };
}
