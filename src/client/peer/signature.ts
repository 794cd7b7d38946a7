/** The HMAC that goes from one end of the peer bus to the other: whoever carries an envelope has no part in it. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { canonicalEnvelope, type PeerEnvelope } from "../../wire/peer/canonical.ts";

/** Fewest bytes of a secret: shorter ones can be guessed, and no peer takes them. */
export const FEWEST_SECRET_BYTES = 32;

const digestOf = (envelope: Omit<PeerEnvelope, "hmac">, secret: string): Buffer =>
  createHmac("sha256", Buffer.from(secret, "utf8")).update(canonicalEnvelope(envelope), "utf8").digest();

export function signed(envelope: Omit<PeerEnvelope, "hmac">, secret: string): PeerEnvelope {
  return { ...envelope, hmac: digestOf(envelope, secret).toString("hex") };
}

/** Whether somebody who knows the secret wrote every member of it. */
export function isSigned(envelope: PeerEnvelope, secret: string): boolean {
  return /^[0-9a-f]{64}$/i.test(envelope.hmac) && timingSafeEqual(Buffer.from(envelope.hmac, "hex"), digestOf(envelope, secret));
}
