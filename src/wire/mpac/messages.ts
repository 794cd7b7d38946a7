/**
 * The MPAC messages that a participant may send, by type (SPEC 13.1).
 *
 * Enumerations of the specification are not enforced inbound: real clients send other words (reference mpac 7.1).
 */
import * as z from "zod";
import { ConflictId, IntentId, OpId } from "../ids.ts";
import { envelope } from "./envelope.ts";
import { Extensions } from "./extension.ts";

const text = (max: number) => z.string().max(max);
const extensions = Extensions.nullable().optional();

/** Most entries one scope may name. */
export const MAX_SCOPE_ENTRIES = 4096;

/** A scope as it travels. Which members count depends on `kind` (SPEC 15.2). */
export const Scope = z.looseObject({
  kind: text(64),
  resources: z.array(text(4096)).max(MAX_SCOPE_ENTRIES).nullable().optional(),
});
export type Scope = z.infer<typeof Scope>;

const hello = z.looseObject({
  display_name: text(512).nullable().optional(),
  roles: z.array(text(128)).max(64).nullable().optional(),
  capabilities: z.array(text(128)).max(128).nullable().optional(),
  extensions,
});

const heartbeat = z.looseObject({
  status: text(64).nullable().optional(),
  active_intent_id: text(256).nullable().optional(),
  summary: text(4096).nullable().optional(),
  extensions,
});

const goodbye = z.looseObject({ reason: text(1024).nullable().optional(), intent_disposition: text(64).nullable().optional(), extensions });

const announce = z.looseObject({
  intent_id: IntentId,
  objective: text(4096).nullable().optional(),
  scope: Scope,
  priority: text(64).nullable().optional(),
  ttl_sec: z.number().positive().max(31_536_000).nullable().optional(),
  supersedes_intent_id: IntentId.nullable().optional(),
  extensions,
});

const update = z.looseObject({
  intent_id: IntentId,
  objective: text(4096).nullable().optional(),
  scope: Scope.nullable().optional(),
  ttl_sec: z.number().positive().max(31_536_000).nullable().optional(),
  extensions,
});

const withdraw = z.looseObject({ intent_id: IntentId, reason: text(1024).nullable().optional(), extensions });

const reference = text(128).nullable().optional();

/** A file that a client without a worktree changed on the session's virtual tree; its bytes are kept as a blob. */
export const FileChange = z.looseObject({
  blob: z.string().optional(),
  state_ref_before: reference,
  state_ref: reference,
});

const commit = z.looseObject({
  op_id: OpId,
  target: text(4096),
  op_kind: text(64).nullable().optional(),
  intent_id: IntentId.nullable().optional(),
  state_ref_before: reference,
  state_ref_after: reference,
  summary: text(4096).nullable().optional(),
  file_changes: z.record(text(4096), FileChange).nullable().optional(),
  extensions,
});

const supersede = z.looseObject({
  op_id: OpId,
  supersedes_op_id: OpId,
  target: text(4096),
  intent_id: IntentId.nullable().optional(),
  reason: text(1024).nullable().optional(),
  state_ref_after: reference,
  extensions,
});

const related = z.array(text(256)).max(64).nullable().optional();

const report = z.looseObject({
  conflict_id: ConflictId,
  category: text(64).nullable().optional(),
  severity: text(64).nullable().optional(),
  description: text(4096).nullable().optional(),
  related_intents: related,
  related_ops: related,
  intent_a: text(256).nullable().optional(),
  intent_b: text(256).nullable().optional(),
  extensions,
});

const acknowledge = z.looseObject({ conflict_id: ConflictId, ack_type: text(64).nullable().optional(), extensions });

export const Hello = envelope("HELLO", hello);
export const Heartbeat = envelope("HEARTBEAT", heartbeat);
export const Goodbye = envelope("GOODBYE", goodbye);
export const IntentAnnounce = envelope("INTENT_ANNOUNCE", announce);
export const IntentUpdate = envelope("INTENT_UPDATE", update);
export const IntentWithdraw = envelope("INTENT_WITHDRAW", withdraw);
export const OpCommit = envelope("OP_COMMIT", commit);
export const OpSupersede = envelope("OP_SUPERSEDE", supersede);
export const ConflictReport = envelope("CONFLICT_REPORT", report);
export const ConflictAck = envelope("CONFLICT_ACK", acknowledge);

export const ClientMessage = z.discriminatedUnion("message_type", [
  Hello,
  Heartbeat,
  Goodbye,
  IntentAnnounce,
  IntentUpdate,
  IntentWithdraw,
  OpCommit,
  OpSupersede,
  ConflictReport,
  ConflictAck,
]);

export type ClientMessage = z.infer<typeof ClientMessage>;
export type Message<Type extends ClientMessage["message_type"]> = Extract<ClientMessage, { message_type: Type }>;

/** Message types of MPAC 0.1.15 that a participant may send and this release does not carry out yet. */
export const NOT_YET = [
  "INTENT_DEFERRED",
  "INTENT_CLAIM",
  "OP_PROPOSE",
  "OP_REJECT",
  "OP_BATCH_COMMIT",
  "CONFLICT_ESCALATE",
  "RESOLUTION",
] as const;
