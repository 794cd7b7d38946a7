/**
 * How the coordinator speaks: envelopes with its name, its epoch and a Lamport value that rises on every connection.
 *
 * Ids of what a record causes derive from the record, so that a repeat after a restart is recognisable; the rest are drawn.
 */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../wire/json.ts";
import { type CoordinatorEnvelope, PROTOCOL_VERSION } from "../../wire/mpac/envelope.ts";
import { REFUSALS, type Rejection } from "../../wire/refusals.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent } from "../../wire/session.ts";

/** What an envelope needs before a connection stamps its Lamport value on it. */
export interface Saying {
  readonly type: string;
  readonly payload: JsonObject;
  readonly messageId: string;
  readonly atMs: number;
  /** The value that the record reserves for it; unrecorded sayings have none and take the next of their connection. */
  readonly lamport?: number;
}

/** An instant as MPAC writes it. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString();

export interface Speaker {
  readonly sessionId: string;
  readonly epoch: number;
  /** The session's Lamport clock: above every value that a recorded message has used. */
  readonly clock: number;
}

export function envelopeOf({ sessionId, epoch }: Speaker, saying: Saying, lamport: number): CoordinatorEnvelope {
  const payload = saying.type === "CONFLICT_REPORT" ? { ...saying.payload, based_on_watermark: watermark(lamport) } : saying.payload;
  return {
    protocol: "MPAC",
    version: PROTOCOL_VERSION,
    message_type: saying.type,
    message_id: saying.messageId,
    session_id: sessionId,
    sender: {
      principal_id: `service:coordinator-${sessionId}`,
      principal_type: "service",
      sender_instance_id: `service:coordinator-${sessionId}:epoch-${epoch}`,
    },
    ts: rfc3339(saying.atMs),
    payload,
    watermark: watermark(lamport),
    coordinator_epoch: epoch,
  };
}

const watermark = (value: number) => ({ kind: "lamport_clock" as const, value });

/** What a record makes the coordinator say at the place of its event `index`; an event may make it say several things. */
export function sayingOf(
  record: LogRecord,
  sessionId: string,
  type: string,
  payload: JsonObject,
  { index, part }: { readonly index: number; readonly part: number },
): Saying {
  const settled = record.events.at(-1) as Extract<SessionEvent, { type: "Settled" }>;
  return {
    type,
    payload,
    messageId: `${sessionId}:${record.revision}:${index}${part === 0 ? "" : `.${part}`}`,
    atMs: record.atMs,
    lamport: settled.lamport + index + 1,
  };
}

/** A saying that is not recorded: an answer to one connection, or a sign of life. */
export function remark(type: string, payload: JsonObject, atMs: number): Saying {
  return { type, payload, messageId: randomUUID(), atMs };
}

/** All that the sender of a refused message is told: where operations were turned down the OP_REJECT, and why. */
export function refusals(rejection: Rejection, refersTo: string | undefined, atMs: number): Saying[] {
  const opReject = rejection.details?.["op_reject"];
  const turnedDown = opReject === undefined ? [] : [remark("OP_REJECT", opReject as JsonObject, atMs)];
  return [...turnedDown, refusal(rejection, refersTo, atMs)];
}

export function refusal(rejection: Rejection, refersTo: string | undefined, atMs: number): Saying {
  const { mpac, retryable } = REFUSALS[rejection.code];
  const { suggested, retry_after_sec, duplicate_candidate } = rejection.details ?? {};
  return remark(
    "PROTOCOL_ERROR",
    {
      error_code: mpac,
      description: rejection.message,
      ...(refersTo === undefined ? {} : { refers_to: refersTo }),
      // Where clients of the original look for it; the other stands where SPEC 15.3.1 wants it.
      ...(duplicate_candidate === undefined ? {} : { duplicate_candidate }),
      extensions: {
        ...(retry_after_sec === undefined ? {} : { retry_after_sec }),
        signalbox: {
          refusal: rejection.code,
          retryable,
          ...(rejection.details === undefined ? {} : { details: rejection.details }),
          ...(suggested === undefined ? {} : { suggested }),
        },
      },
    },
    atMs,
  );
}
