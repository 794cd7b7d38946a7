/**
 * The MPAC messages that a participant may send, by type (SPEC 13.1).
 *
 * Enumerations of the specification are not enforced inbound: real clients send other words.
 */
import * as z from "zod";
import { BatchId, ClaimId, ConflictId, DeferralId, IntentId, OpId } from "../ids.ts";
import { anything, envelope } from "./envelope.ts";
import { Extensions } from "./extension.ts";

const text = (max: number) => z.string().max(max);
const extensions = Extensions.nullable().optional();

/** Most entries one scope may name. */
export const MAX_SCOPE_ENTRIES = 4096;

const entries = z.array(text(4096)).max(MAX_SCOPE_ENTRIES).nullable().optional();

/** A scope as it travels. Which members count depends on `kind` (SPEC 15.2). */
export const Scope = z.looseObject({
  kind: text(64),
  resources: entries,
  pattern: text(4096).nullable().optional(),
  task_ids: entries,
  entities: entries,
  expression: text(4096).nullable().optional(),
  language: text(64).nullable().optional(),
  canonical_uris: entries,
});
export type Scope = z.infer<typeof Scope>;

/** What model a participant stands on (SPEC 14.3.1). */
const backend = z.looseObject({ model_id: text(256).nullable().optional(), provider: text(128).nullable().optional() });

const backendHealth = z.looseObject({
  model_id: text(256).nullable().optional(),
  provider_status: text(64).nullable().optional(),
  status_detail: text(1024).nullable().optional(),
  alternatives: z.array(anything).max(64).nullable().optional(),
  switched_from: text(256).nullable().optional(),
  switch_reason: text(64).nullable().optional(),
});

const hello = z.looseObject({
  display_name: text(512).nullable().optional(),
  roles: z.array(text(128)).max(64).nullable().optional(),
  capabilities: z.array(text(128)).max(128).nullable().optional(),
  backend: backend.nullable().optional(),
  extensions,
});

const heartbeat = z.looseObject({
  status: text(64).nullable().optional(),
  active_intent_id: text(256).nullable().optional(),
  summary: text(4096).nullable().optional(),
  backend_health: backendHealth.nullable().optional(),
  extensions,
});

const goodbye = z.looseObject({ reason: text(1024).nullable().optional(), intent_disposition: text(64).nullable().optional(), extensions });

/** Life of a declaration in seconds; clients of the original say it in milliseconds under another name. */
const lifetime = {
  ttl_sec: z.number().positive().max(31_536_000).nullable().optional(),
  expiry_ms: z.number().positive().max(31_536_000_000).nullable().optional(),
};

const announce = z.looseObject({
  intent_id: IntentId,
  objective: text(4096).nullable().optional(),
  scope: Scope,
  priority: text(64).nullable().optional(),
  ...lifetime,
  supersedes_intent_id: IntentId.nullable().optional(),
  extensions,
});

const update = z.looseObject({
  intent_id: IntentId,
  objective: text(4096).nullable().optional(),
  scope: Scope.nullable().optional(),
  ...lifetime,
  extensions,
});

const withdraw = z.looseObject({ intent_id: IntentId, reason: text(1024).nullable().optional(), extensions });

const names = z.array(text(256)).max(256).nullable().optional();

const deferred = z.looseObject({
  deferral_id: DeferralId,
  scope: Scope.nullable().optional(),
  reason: text(1024).nullable().optional(),
  category: text(64).nullable().optional(),
  observed_intent_ids: names,
  observed_principals: names,
  ttl_sec: z.number().positive().max(31_536_000).nullable().optional(),
  extensions,
});

/** A claim, or with `extensions.signalbox.decision` the word of somebody with authority about one: that names only the claim. */
const claim = z.looseObject({
  claim_id: ClaimId,
  original_intent_id: IntentId.nullable().optional(),
  original_principal_id: text(256).nullable().optional(),
  new_intent_id: IntentId.nullable().optional(),
  objective: text(4096).nullable().optional(),
  scope: Scope.nullable().optional(),
  justification: text(4096).nullable().optional(),
  extensions,
});

const reference = text(128).nullable().optional();

/** A file that a client without a worktree changed on the session's virtual tree; its bytes are kept as a blob. */
export const FileChange = z.looseObject({
  blob: z.string().optional(),
  state_ref_before: reference,
  state_ref: reference,
});

/** What an operation does to which file, from which state to which (SPEC 16). */
const change = {
  op_id: OpId,
  target: text(4096),
  op_kind: text(64).nullable().optional(),
  intent_id: IntentId.nullable().optional(),
  state_ref_before: reference,
  state_ref_after: reference,
};

/** What its author, who has no worktree, wrote for it. */
const fileChanges = z.record(text(4096), FileChange).nullable().optional();

const commit = z.looseObject({ ...change, summary: text(4096).nullable().optional(), file_changes: fileChanges, extensions });

const propose = z.looseObject({
  ...change,
  change_ref: text(4096).nullable().optional(),
  summary: text(4096).nullable().optional(),
  extensions,
});

/** `op_id` may name a batch. */
const reject = z.looseObject({
  op_id: text(256),
  reason: text(1024).nullable().optional(),
  refers_to: text(256).nullable().optional(),
  rejected_ops: names,
  extensions,
});

/** Most entries of one batch. */
export const MAX_BATCH_ENTRIES = 256;

/** One entry of a batch: the members of an OP_COMMIT (SPEC 16.8). */
const batchEntry = z.looseObject({ ...change, file_changes: fileChanges, extensions });

const batch = z.looseObject({
  batch_id: BatchId,
  atomicity: text(64).nullable().optional(),
  operations: z.array(batchEntry).min(1).max(MAX_BATCH_ENTRIES),
  intent_id: IntentId.nullable().optional(),
  summary: text(4096).nullable().optional(),
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

const escalate = z.looseObject({
  conflict_id: ConflictId,
  escalate_to: text(256).nullable().optional(),
  reason: text(4096).nullable().optional(),
  context: anything.optional(),
  extensions,
});

/** What a resolution accepts, rejects and merges: ids of intents and operations (SPEC 18.4). */
const outcome = z.looseObject({ accepted: names, rejected: names, merged: names, rollback: text(4096).nullable().optional() });

const resolution = z.looseObject({
  resolution_id: text(256).nullable().optional(),
  conflict_id: ConflictId,
  decision: text(64),
  rationale: text(4096).nullable().optional(),
  outcome: outcome.nullable().optional(),
  extensions,
});

/** From a participant it asks for the end of the session; only the coordinator's own is one (SPEC 14.5). */
const close = z.looseObject({ reason: text(64).nullable().optional(), extensions });

export const Hello = envelope("HELLO", hello);
export const Heartbeat = envelope("HEARTBEAT", heartbeat);
export const Goodbye = envelope("GOODBYE", goodbye);
export const IntentAnnounce = envelope("INTENT_ANNOUNCE", announce);
export const IntentUpdate = envelope("INTENT_UPDATE", update);
export const IntentWithdraw = envelope("INTENT_WITHDRAW", withdraw);
export const IntentDeferred = envelope("INTENT_DEFERRED", deferred);
export const IntentClaim = envelope("INTENT_CLAIM", claim);
export const OpPropose = envelope("OP_PROPOSE", propose);
export const OpCommit = envelope("OP_COMMIT", commit);
export const OpBatchCommit = envelope("OP_BATCH_COMMIT", batch);
export const OpReject = envelope("OP_REJECT", reject);
export const OpSupersede = envelope("OP_SUPERSEDE", supersede);
export const ConflictReport = envelope("CONFLICT_REPORT", report);
export const ConflictAck = envelope("CONFLICT_ACK", acknowledge);
export const ConflictEscalate = envelope("CONFLICT_ESCALATE", escalate);
export const Resolution = envelope("RESOLUTION", resolution);
export const SessionClose = envelope("SESSION_CLOSE", close);

export const ClientMessage = z.discriminatedUnion("message_type", [
  Hello,
  Heartbeat,
  Goodbye,
  IntentAnnounce,
  IntentUpdate,
  IntentWithdraw,
  IntentDeferred,
  IntentClaim,
  OpPropose,
  OpCommit,
  OpBatchCommit,
  OpReject,
  OpSupersede,
  ConflictReport,
  ConflictAck,
  ConflictEscalate,
  Resolution,
  SessionClose,
]);

export type ClientMessage = z.infer<typeof ClientMessage>;
/** What a participant that has joined says before it leaves. */
export type CommandType = Exclude<ClientMessage["message_type"], "HELLO" | "GOODBYE">;
export type Message<Type extends ClientMessage["message_type"]> = Extract<ClientMessage, { message_type: Type }>;
