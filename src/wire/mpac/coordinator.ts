/**
 * What the coordinator says, as our own clients read it. Foreign clients read the MPAC members beside the extension.
 */
import * as z from "zod";
import type { RefusalCode } from "../refusals.ts";

/** `payload.extensions.signalbox` of a PROTOCOL_ERROR. */
const RefusalExtension = z.looseObject({
  refusal: z.string().transform((code) => code as RefusalCode),
  retryable: z.boolean(),
  details: z.looseObject({}).optional(),
  /** The next free name, when the one in HELLO is connected already. */
  suggested: z.string().optional(),
});

export const ProtocolErrorPayload = z.looseObject({
  error_code: z.string(),
  description: z.string(),
  refers_to: z.string().optional(),
  extensions: z.looseObject({ signalbox: RefusalExtension.optional() }).optional(),
});

/** One of the principal's own live intents, as SESSION_INFO lists them. */
export const OwnIntent = z.looseObject({
  intent_id: z.string(),
  state: z.string(),
  fence: z.int(),
  objective: z.string(),
  resources: z.array(z.string()),
  /** How many there are, when `resources` is cut. */
  resource_count: z.int().optional(),
  /** RFC 3339. */
  expires_at: z.string(),
  /** Seconds; 300 where it is not said. */
  ttl_sec: z.number().default(300),
  /** Its owner renews it while there is work. */
  renews: z.boolean().optional(),
});
export type OwnIntent = z.infer<typeof OwnIntent>;

const SessionExtension = z.looseObject({
  /** Control number of the sidecar: what bridge and sidecar must share. */
  control: z.int(),
  version: z.string(),
  revision: z.int(),
  workspace_dir: z.string(),
  /** The last announced ones, when `intent_count` says that there are more. */
  intents: z.array(OwnIntent),
  intent_count: z.int().optional(),
  /** Proves over the next connection that the same client makes it. */
  secret: z.string().optional(),
});
export type SessionExtension = z.infer<typeof SessionExtension>;

export const SessionInfoPayload = z.looseObject({
  session_id: z.string(),
  granted_roles: z.array(z.string()),
  extensions: z.looseObject({ signalbox: SessionExtension }),
});

/** What stands in the payload of the sender's own message when it comes back: the acknowledgement. */
export const AckExtension = z.looseObject({
  ack: z.looseObject({
    revision: z.int(),
    fence: z.int().optional(),
    conflicts: z.array(z.string()).optional(),
    superseded: z.array(z.string()).optional(),
    frozen: z.array(z.string()).optional(),
    waiting: z
      .looseObject({ deferral_id: z.string(), ahead: z.int().optional(), holders: z.array(z.looseObject({})).optional() })
      .optional(),
  }),
});

/** An envelope from the coordinator or relayed from a peer, as far as our client looks at it. */
export const InboundEnvelope = z.looseObject({
  message_type: z.string(),
  message_id: z.string(),
  sender: z.looseObject({ principal_id: z.string() }),
  /** RFC 3339, by the sender's clock. */
  ts: z.string().optional().catch(undefined),
  payload: z.looseObject({
    extensions: z
      .looseObject({ signalbox: z.looseObject({}).optional() })
      .nullable()
      .optional(),
  }),
  watermark: z.looseObject({ value: z.unknown() }).nullable().optional(),
  coordinator_epoch: z.int().optional(),
});
export type InboundEnvelope = z.infer<typeof InboundEnvelope>;
