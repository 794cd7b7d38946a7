/**
 * How a participant speaks: MPAC envelopes with its name, its incarnation and a Lamport value that rises with each.
 */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../wire/json.ts";
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { PROTOCOL_VERSION } from "../wire/mpac/envelope.ts";
import type { Host, Worktree } from "../wire/mpac/extension.ts";
import { createLamportClock } from "./lamport.ts";

/** What a participant says of itself when it joins. */
export interface Introduction {
  /** Shown to people; the principal's name by default. */
  readonly displayName?: string;
  /** `contributor` by default. */
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  /** The host program that runs us. */
  readonly host?: Host;
}

export interface Spoken {
  /** Its `message_id`. */
  readonly id: string;
  readonly text: string;
}

export interface Voice {
  envelope(type: string, payload: JsonObject, as: { readonly principal: string; readonly sessionId: string }): Spoken;
  /** Takes notice of the time in somebody else's envelope. */
  hear(envelope: InboundEnvelope): void;
  /** `sender_instance_id` of a principal in this incarnation. */
  instanceOf(principal: string): string;
}

/** @param incarnation - names this life of the participant; the same through all its connections */
export function createVoice(incarnation: string): Voice {
  const lamport = createLamportClock();
  const instanceOf = (principal: string) => `${principal}:${incarnation}`;
  return {
    envelope(type, payload, { principal, sessionId }) {
      const id = randomUUID();
      const message = {
        protocol: "MPAC",
        version: PROTOCOL_VERSION,
        message_type: type,
        message_id: id,
        session_id: sessionId,
        sender: { principal_id: principal, principal_type: "agent", sender_instance_id: instanceOf(principal) },
        ts: new Date().toISOString(),
        watermark: { kind: "lamport_clock", value: lamport.next() },
        payload,
      };
      return { id, text: JSON.stringify(message) };
    },
    hear: ({ watermark }) => lamport.hear(watermark?.value),
    instanceOf,
  };
}

export interface Presented {
  readonly worktree: Worktree | undefined;
  /** The bearer token that lets us in (SPEC 14.1, `credential`). */
  readonly token: string | undefined;
  /** What the coordinator told us over the last connection, which proves us to be the same. */
  readonly secret: string | undefined;
}

/** The payload of HELLO. */
export function introduction(self: Introduction, principal: string, { worktree, token, secret }: Presented): JsonObject {
  const { displayName = principal, roles = ["contributor"], capabilities = [], host } = self;
  const signalbox = {
    ...(worktree === undefined ? {} : { worktree }),
    ...(host === undefined ? {} : { host }),
    ...(secret === undefined ? {} : { secret }),
  };
  const credential = token === undefined ? {} : { credential: { type: "bearer_token", value: token } };
  return { display_name: displayName, roles, capabilities, ...credential, extensions: { signalbox } as JsonObject };
}

/** The payload with a `request_id`, by which the coordinator recognises a repeat. One that is there stays. */
export function withRequestId(payload: JsonObject): JsonObject {
  const extensions = (payload["extensions"] ?? {}) as JsonObject;
  const signalbox = (extensions["signalbox"] ?? {}) as JsonObject;
  return { ...payload, extensions: { ...extensions, signalbox: { request_id: randomUUID(), ...signalbox } } };
}
