/**
 * What a frame of the sidecar means to its client. A frame that means nothing is dropped: a newer peer may speak of what
 * we do not have, and a broken one must not end the connection.
 */
import { AckExtension, InboundEnvelope, ProtocolErrorPayload, SessionInfoPayload } from "../wire/mpac/coordinator.ts";
import type { Ack, WaitingAck } from "../wire/mpac/extension.ts";
import type { JsonObject } from "../wire/json.ts";
import { AnswerFrame, type Answer } from "../wire/query.ts";
import type { RefusalCode, Rejection } from "../wire/refusals.ts";

export type SessionInfo = ReturnType<typeof SessionInfoPayload.parse>;

export type Inbound =
  | { readonly kind: "session-info"; readonly info: SessionInfo; readonly envelope: InboundEnvelope }
  /** Our own message, durable. */
  | { readonly kind: "ack"; readonly messageId: string; readonly ack: Ack; readonly envelope: InboundEnvelope }
  | { readonly kind: "refusal"; readonly refersTo: string; readonly refusal: Refusal; readonly envelope: InboundEnvelope }
  | { readonly kind: "answer"; readonly queryId: string; readonly answer: Answer }
  | { readonly kind: "query-error"; readonly queryId: string; readonly error: string }
  /** Somebody else's message, or the coordinator's word to all. */
  | { readonly kind: "envelope"; readonly envelope: InboundEnvelope };

export interface Refusal {
  /** MPAC's own word for it. */
  readonly errorCode: string;
  readonly rejection: Rejection;
  readonly retryable: boolean;
  /** The next free name. */
  readonly suggested?: string;
}

export function readInbound(text: string): Inbound | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // What says that it is an answer is not first found to be no envelope.
  const answer = (value as { readonly type?: unknown } | null)?.type === "SIGNALBOX_ANSWER" ? readAnswer(value) : undefined;
  if (answer !== undefined) return answer;
  const read = InboundEnvelope.safeParse(value);
  return read.success ? readEnvelope(read.data) : undefined;
}

function readEnvelope(envelope: InboundEnvelope): Inbound {
  const extension = envelope.payload.extensions?.signalbox;
  const ack = extension === undefined ? undefined : AckExtension.safeParse(extension).data?.ack;
  if (ack !== undefined) return { kind: "ack", messageId: envelope.message_id, ack: ackOf(ack), envelope };
  if (envelope.message_type === "SESSION_INFO") {
    const info = SessionInfoPayload.safeParse(envelope.payload).data;
    if (info !== undefined) return { kind: "session-info", info, envelope };
  }
  if (envelope.message_type === "PROTOCOL_ERROR") {
    const error = ProtocolErrorPayload.safeParse(envelope.payload).data;
    if (error?.refers_to !== undefined) return { kind: "refusal", refersTo: error.refers_to, refusal: refusalOf(error), envelope };
  }
  return { kind: "envelope", envelope };
}

function ackOf({ revision, fence, conflicts, superseded, frozen, waiting }: ReturnType<typeof AckExtension.parse>["ack"]): Ack {
  return {
    revision,
    ...(fence === undefined ? {} : { fence }),
    ...(conflicts === undefined ? {} : { conflicts }),
    ...(superseded === undefined ? {} : { superseded }),
    ...(frozen === undefined ? {} : { frozen }),
    ...(waiting === undefined ? {} : { waiting: waiting as WaitingAck }),
  };
}

/** A coordinator that does not know our extension names only its own code. */
function refusalOf({ error_code, description, extensions }: ReturnType<typeof ProtocolErrorPayload.parse>): Refusal {
  const ours = extensions?.signalbox;
  const code: RefusalCode = ours?.refusal ?? "message/unsupported";
  return {
    errorCode: error_code,
    rejection: { code, message: description, ...(ours?.details === undefined ? {} : { details: ours.details as JsonObject }) },
    retryable: ours?.retryable ?? false,
    ...(ours?.suggested === undefined ? {} : { suggested: ours.suggested }),
  };
}

function readAnswer(value: unknown): Inbound | undefined {
  const frame = AnswerFrame.safeParse(value).data;
  if (frame === undefined) return undefined;
  if (frame.answer !== undefined) return { kind: "answer", queryId: frame.query_id, answer: frame.answer };
  return { kind: "query-error", queryId: frame.query_id, error: frame.error ?? "the sidecar gave no answer" };
}
