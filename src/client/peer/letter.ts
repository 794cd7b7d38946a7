/** A message as its sender writes it: signed, and never larger than a broker can bring to whom it is for. */
import { randomBytes } from "node:crypto";
import { travellingEnvelope } from "../../wire/peer/canonical.ts";
import { BROADCAST, deliverFrameBytes, MAX_PEER_FRAME_BYTES, MAX_PEER_NAME_BYTES, PEER_PROTOCOL } from "../../wire/peer/frames.ts";
import { PeerMessageUnfit } from "./fault.ts";
import { signed } from "./signature.ts";

/** Stands for the longest name that a recipient of a broadcast may have. */
const LONGEST_NAME = "x".repeat(MAX_PEER_NAME_BYTES);

/** What every message of an agent says of where it comes from. */
const SOURCE = "peer-bus";

export interface Writing {
  readonly from: string;
  readonly to: string;
  readonly kind: "msg" | typeof BROADCAST;
  /** JSON text. */
  readonly body: string;
  /** Of a message that may be sent again; a new one by default. */
  readonly id?: string | undefined;
  readonly atMs: number;
  readonly secret: string;
}

export interface Letter {
  readonly id: string;
  /** The envelope as it travels. */
  readonly text: string;
  readonly bytes: number;
}

/** @throws PeerMessageUnfit */
export function letter({ from, to, kind, body, id = randomBytes(16).toString("hex"), atMs, secret }: Writing): Letter {
  const ts = new Date(atMs).toISOString().replace(/\.?0+Z$/, "Z");
  const text = travellingEnvelope(signed({ protocol_version: PEER_PROTOCOL, id, from, to, ts, source: SOURCE, kind, body }, secret));
  const bytes = Buffer.byteLength(text);
  // A broker puts more around it on its way to the recipient, and that one may take no more either.
  const excess = deliverFrameBytes(kind === BROADCAST ? `${id}|${LONGEST_NAME}` : id, bytes) - MAX_PEER_FRAME_BYTES;
  if (excess <= 0) return { id, text, bytes };
  throw new PeerMessageUnfit(`adapter: the message is ${excess} bytes too large to reach a peer; send less, or where it is to be found`);
}
