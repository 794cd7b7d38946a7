/**
 * What a peer and its broker say to each other beside envelopes: one JSON object a message, read as Go's encoding/json reads.
 */
import { type PeerEnvelope, quoted, readEnvelope } from "../../wire/peer/canonical.ts";
import { PEER_PROTOCOL } from "../../wire/peer/frames.ts";
import { membersOf, rawOf, stringsOf } from "../../wire/peer/json-members.ts";

/** Close reason of a broker that has given the name to somebody else. With this one, and no other, trying again is no use. */
export const NAME_CLAIMED = "name claimed under a different token";

/** Close code that goes with it. */
export const POLICY_VIOLATION = 1008;

const VERSION = `"protocol_version":"${PEER_PROTOCOL}"`;

/** `marks` asks for `redelivered` on deliveries; a broker that does not know it passes it over. */
export const registerFrame = (token: string, name: string): string =>
  `{${VERSION},"type":"register","token":${quoted(token)},"name":${quoted(name)},"marks":true}`;

export const ackFrame = (deliveryKey: string): string => `{${VERSION},"type":"ack","id":${quoted(deliveryKey)}}`;

export const PEERS_FRAME = `{${VERSION},"type":"peers"}`;

export interface Delivery {
  /** What it is acknowledged by. */
  readonly key: string;
  readonly envelope: PeerEnvelope;
  /** The broker has sent it before, so somebody of this name may have seen it. Only brokers that mark say so. */
  readonly redelivered: boolean;
}

export type BrokerFrame =
  | { readonly kind: "peers"; readonly names: readonly string[] }
  | { readonly kind: "deliver"; readonly delivery: Delivery };

/** Undefined when it says nothing to a peer. */
export function readBrokerFrame(text: string): BrokerFrame | undefined {
  const members = membersOf(text);
  const strings = members && stringsOf(members, ["type", "delivery_key"]);
  if (members === undefined || strings === undefined) return undefined;
  if (strings.type === "peers") return { kind: "peers", names: namesIn(rawOf(members, "names") ?? "null") };
  if (strings.type !== "deliver") return undefined;
  const envelope = readEnvelope(rawOf(members, "envelope") ?? "null");
  if (envelope === undefined) return undefined;
  return { kind: "deliver", delivery: { key: strings.delivery_key, envelope, redelivered: rawOf(members, "redelivered") === "true" } };
}

function namesIn(raw: string): readonly string[] {
  const names = JSON.parse(raw) as unknown;
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}
