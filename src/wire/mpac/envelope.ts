/**
 * The MPAC envelope (SPEC 11), as tolerant as its real clients need and no more.
 *
 * Only what nothing can be decided without is required. Everything else may be missing, and unknown members are kept:
 * a message is relayed and recorded as it was received. Parsing never changes a message.
 */
import * as z from "zod";
import { MessageId, PrincipalId } from "../ids.ts";

/** Largest text frame that is read, in bytes. */
export const MAX_FRAME_BYTES = 1024 * 1024;

export const PROTOCOL_VERSION = "0.1.15";

export const Sender = z.looseObject({
  principal_id: PrincipalId,
  principal_type: z.string().max(64).optional(),
  sender_instance_id: z.string().max(512).optional(),
});

/** Whatever JSON says. A frame was read from JSON and can hold nothing else, so that it is not walked again. */
export const anything = z.unknown() as unknown as ReturnType<typeof z.json>;

export const Watermark = z.looseObject({ kind: z.string(), value: anything.optional(), lamport_value: z.number().nullable().optional() });

/** What its sender has seen, in Lamport's terms; a watermark of another kind may say so beside its own (SPEC 12.4). */
export function lamportIn(watermark: z.infer<typeof Watermark> | null | undefined): number | undefined {
  const value = watermark?.kind === "lamport_clock" ? watermark.value : watermark?.lamport_value;
  return typeof value === "number" ? value : undefined;
}

/** An envelope around a payload of shape `payload`. */
export function envelope<Type extends string, Payload extends z.ZodType>(type: Type, payload: Payload) {
  return z.looseObject({
    protocol: z.string().optional(),
    version: z.string().optional(),
    message_type: z.literal(type),
    message_id: MessageId,
    session_id: z.string().optional(),
    sender: Sender,
    ts: z.string().optional(),
    watermark: Watermark.nullable().optional(),
    payload,
  });
}

/** The eight envelope fields that the coordinator emits, and the two optional ones it adds. */
export interface CoordinatorEnvelope {
  readonly protocol: "MPAC";
  readonly version: string;
  readonly message_type: string;
  readonly message_id: string;
  readonly session_id: string;
  readonly sender: { readonly principal_id: string; readonly principal_type: "service"; readonly sender_instance_id: string };
  readonly ts: string;
  readonly payload: object;
  readonly watermark: { readonly kind: "lamport_clock"; readonly value: number };
  readonly coordinator_epoch: number;
}
