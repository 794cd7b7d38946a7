/**
 * The events of a session: what its log says happened. Forever: a released event is never edited, only joined by new ones.
 *
 * An event holds what the state needs. What only people or peers read (assumptions, summaries of operations) stays in the
 * command of the same record, which the record keeps as it was received.
 */
import * as z from "zod";
import { BatchId, ClaimId, ConflictId, DeferralId, IntentId, OpId, PrincipalId, SessionId } from "./ids.ts";
import type { JsonObject } from "./json.ts";
import { Host, Worktree } from "./mpac/extension.ts";
import { Scope } from "./mpac/messages.ts";
import { GovernancePolicy, LifecyclePolicy, LivenessPolicy, ResourceRegistry, RolePolicy } from "./policies.ts";

/** The rules a session was opened with. They change only by an event. */
export const SessionSettings = z.looseObject({
  profile: z.enum(["open", "authenticated"]),
  /** Whether an announcement over another principal's active intent is refused (SPEC 15.3.2). */
  race_lock: z.boolean(),
  heartbeat_interval_sec: z.number(),
  unavailability_timeout_sec: z.number(),
  /** Life of an intent that names none, in seconds (SPEC 15.3). */
  intent_ttl_sec: z.number(),
  /** Whether paths that differ only in case are the same file here. */
  fold_case: z.boolean(),
  /** Absolute folder of the main worktree, `/` separated: absolute paths inside it are taken as relative. */
  root: z.string(),
  /** SPEC 20: what a session may promise. Governance wants an intent before an operation and an approver for a claim. */
  compliance: z.enum(["core", "governance"]).optional(),
  /** Whether an operation is authorized before it is carried out (SPEC 7.8); `pre_commit` only with governance. */
  execution_model: z.enum(["post_commit", "pre_commit"]).optional(),
  governance: GovernancePolicy.optional(),
  liveness: LivenessPolicy.optional(),
  lifecycle: LifecyclePolicy.optional(),
  role_policy: RolePolicy.optional(),
  resource_registry: ResourceRegistry.optional(),
});
export type SessionSettings = z.infer<typeof SessionSettings>;

export const IntentEnd = z.enum(["WITHDRAWN", "EXPIRED", "SUPERSEDED", "TRANSFERRED"]);
export type IntentEnd = z.infer<typeof IntentEnd>;

const ms = z.int();
const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.looseObject({ type: z.literal(type), ...shape });

export const SessionEvent = z.discriminatedUnion("type", [
  /** A process opened the stream: the epoch rises, and with the first one the session begins. */
  event("Opened", { sessionId: SessionId, epoch: z.int().min(1), settings: SessionSettings }),
  /** Nobody was heard between the two instants because the machine slept or the process was away. */
  event("Resumed", { fromMs: ms, untilMs: ms }),
  event("ParticipantJoined", {
    principalId: PrincipalId,
    principalType: z.string(),
    instanceId: z.string(),
    displayName: z.string(),
    roles: z.array(z.string()),
    worktree: Worktree.optional(),
    host: Host.optional(),
    /** Whether it speaks our extension. */
    extended: z.boolean(),
    /** Whose credential it brought, where one is wanted; never the credential. */
    identity: z.looseObject({ method: z.string(), issuer: z.string(), fingerprint: z.string() }).optional(),
  }),
  event("ParticipantStatus", {
    principalId: PrincipalId,
    status: z.string(),
    summary: z.string().optional(),
    activeIntentId: z.string().optional(),
    branch: z.string().optional(),
    head: z.string().optional(),
    /** Nobody is there who could take its turn: what it waits for does not begin before it is heard again. */
    away: z.literal(true).optional(),
  }),
  /** A participant told of the model it stands on (SPEC 14.3.1); `action` is what the session's policy makes of it. */
  event("BackendReported", {
    principalId: PrincipalId,
    modelId: z.string(),
    status: z.string(),
    detail: z.string().optional(),
    alternatives: z.array(z.json()).optional(),
    switchedFrom: z.string().optional(),
    action: z.enum(["none", "warn", "suspend"]),
  }),
  event("ParticipantLeft", { principalId: PrincipalId, reason: z.string() }),
  event("ParticipantLapsed", { principalId: PrincipalId, lastHeardAtMs: ms }),
  event("IntentAnnounced", {
    intentId: IntentId,
    principalId: PrincipalId,
    objective: z.string(),
    scope: Scope,
    fence: z.int(),
    expiresAtMs: ms,
    ttlSec: z.number(),
    /** Its owner renews it while there is work. */
    renews: z.boolean().optional(),
    priority: z.string().optional(),
    /** The claim by which it took over another's. */
    claimId: ClaimId.optional(),
    /** The waiting announcement that it begins. */
    deferralId: DeferralId.optional(),
    contentHash: z.string(),
  }),
  event("IntentUpdated", {
    intentId: IntentId,
    objective: z.string().optional(),
    scope: Scope.optional(),
    expiresAtMs: ms,
    ttlSec: z.number(),
  }),
  event("IntentEnded", {
    intentId: IntentId,
    state: IntentEnd,
    reason: z.string(),
    dueAtMs: ms.optional(),
    supersededBy: IntentId.optional(),
  }),
  event("IntentSuspended", { intentId: IntentId, reason: z.string() }),
  event("IntentRestored", { intentId: IntentId, fence: z.int() }),
  event("IntentDeferred", {
    deferralId: DeferralId,
    principalId: PrincipalId,
    scope: Scope,
    category: z.string(),
    reason: z.string().optional(),
    observedIntents: z.array(z.string()),
    observedPrincipals: z.array(z.string()),
    expiresAtMs: ms,
    /** An announcement that begins by itself once nobody is in its way (`on_overlap: "wait"`). */
    waiting: z
      .looseObject({
        intentId: IntentId,
        objective: z.string(),
        ttlSec: z.number(),
        priority: z.string(),
        renews: z.boolean().optional(),
        contentHash: z.string(),
      })
      .optional(),
  }),
  event("DeferralEnded", {
    deferralId: DeferralId,
    principalId: PrincipalId,
    status: z.enum(["resolved", "expired"]),
    reason: z.string(),
    dueAtMs: ms.optional(),
  }),
  event("ClaimOpened", {
    claimId: ClaimId,
    intentId: IntentId,
    principalId: PrincipalId,
    newIntentId: IntentId,
    objective: z.string(),
    scope: Scope,
    /** When it is approved by itself; nothing where somebody has to approve it. */
    dueAtMs: ms.optional(),
    contentHash: z.string(),
  }),
  event("ClaimDecided", {
    claimId: ClaimId,
    intentId: IntentId,
    newIntentId: IntentId,
    decision: z.enum(["approved", "rejected", "withdrawn"]),
    reason: z.string().optional(),
    approvedBy: z.string().optional(),
    dueAtMs: ms.optional(),
  }),
  event("BackoffStarted", { principalId: PrincipalId, scope: Scope, retryAtMs: ms, times: z.int().min(1) }),
  event("ConflictOpened", {
    conflictId: ConflictId,
    category: z.string(),
    severity: z.string(),
    description: z.string(),
    intents: z.array(IntentId),
    operations: z.array(OpId),
    principals: z.array(PrincipalId),
    /** A participant's own report; the coordinator's have none. */
    reporter: PrincipalId.optional(),
    contentHash: z.string().optional(),
    /** Found by words that appear to name the same, or where nobody can tell, or by who says itself that it may be wrong. */
    basis: z.enum(["heuristic", "uncertain"]).optional(),
    /** Which files of one side use what the other changes, `ab` from the first intent's view. */
    dependency: z.looseObject({}).optional(),
  }),
  event("ConflictAcknowledged", {
    conflictId: ConflictId,
    principalId: PrincipalId,
    ackType: z.string(),
    state: z.enum(["OPEN", "ACKED"]),
  }),
  event("ConflictEscalated", {
    conflictId: ConflictId,
    /** Nobody when the coordinator did. */
    by: PrincipalId.optional(),
    to: z.string(),
    reason: z.string(),
    dueAtMs: ms.optional(),
  }),
  event("ConflictResolved", {
    conflictId: ConflictId,
    resolutionId: z.string(),
    /** Nobody when the coordinator did. */
    by: PrincipalId.optional(),
    decision: z.string(),
    rationale: z.string(),
    outcome: z.looseObject({
      accepted: z.array(z.string()),
      rejected: z.array(z.string()),
      merged: z.array(z.string()),
      rollback: z.string().optional(),
    }),
    dueAtMs: ms.optional(),
  }),
  /** Nobody resolved it in time: what it is about is frozen, in the phase of SPEC 18.6.2.1. */
  event("ScopeFrozen", {
    conflictId: ConflictId,
    phase: z.int().min(1).max(2),
    /** The intent whose operations may go on, by its higher priority. */
    favoured: IntentId.optional(),
    /** Whose intents and operations it is about. */
    principals: z.array(PrincipalId),
    dueAtMs: ms,
  }),
  event("ConflictDismissed", { conflictId: ConflictId, rationale: z.string() }),
  event("OperationCommitted", {
    opId: OpId,
    principalId: PrincipalId,
    intentId: IntentId.optional(),
    target: z.string(),
    opKind: z.string(),
    /** Worktree id, or `virtual` for the session's own tree. */
    tree: z.string(),
    /** What the sender had checked out then. */
    branch: z.string().optional(),
    stateRefBefore: z.string().nullable(),
    stateRefAfter: z.string().nullable(),
    observed: z.string().nullable().optional(),
    /** No live intent of the sender covers the target (SPEC 23.3.2). */
    uncoordinated: z.boolean(),
    /** What it wrote on the session's virtual tree. */
    files: z.array(z.looseObject({ path: z.string(), stateRef: z.string().nullable(), blob: z.string().optional() })),
    batchId: BatchId.optional(),
    contentHash: z.string(),
  }),
  event("OperationProposed", {
    opId: OpId,
    principalId: PrincipalId,
    intentId: IntentId.optional(),
    target: z.string(),
    opKind: z.string(),
    tree: z.string(),
    branch: z.string().optional(),
    stateRefBefore: z.string().nullable(),
    stateRefAfter: z.string().nullable(),
    uncoordinated: z.boolean(),
    batchId: BatchId.optional(),
    contentHash: z.string(),
  }),
  /** They may be carried out (SPEC 7.8); `by` is the coordinator's name where no person had to say so. */
  event("OperationAuthorized", { opIds: z.array(OpId), batchId: BatchId.optional(), by: z.string() }),
  event("OperationRejected", {
    opIds: z.array(OpId),
    batchId: BatchId.optional(),
    /** Nobody when the coordinator did. */
    by: PrincipalId.optional(),
    reason: z.string(),
    refersTo: z.string().optional(),
    /** Entries of a batch that were not taken and became no operations. */
    refused: z.array(z.looseObject({ opId: OpId, refusal: z.string(), message: z.string() })).optional(),
  }),
  /** Its intent was suspended, or is back (SPEC 15.7). */
  event("OperationFrozen", { opId: OpId }),
  event("OperationThawed", { opId: OpId }),
  event("OperationAbandoned", { opId: OpId, reason: z.string() }),
  event("BatchOpened", {
    batchId: BatchId,
    principalId: PrincipalId,
    intentId: IntentId.optional(),
    atomicity: z.enum(["all_or_nothing", "best_effort"]),
    opIds: z.array(OpId),
    contentHash: z.string(),
  }),
  event("OperationSuperseded", {
    opId: OpId,
    supersededBy: OpId,
    principalId: PrincipalId,
    target: z.string(),
    tree: z.string(),
    stateRefAfter: z.string().nullable(),
    reason: z.string().optional(),
    contentHash: z.string(),
  }),
  /** The session's own end (SPEC 9.6.1): nothing but GOODBYE is taken afterwards. */
  event("SessionClosed", { reason: z.string(), dueAtMs: ms.optional() }),
  /** What ended long enough ago has left the state (ARCHITECTURE section 2, «forgetting is recorded too»). */
  event("Forgotten", {
    intents: z.array(IntentId),
    operations: z.array(OpId),
    conflicts: z.array(ConflictId),
    principals: z.array(PrincipalId),
    claims: z.array(ClaimId).optional(),
    batches: z.array(BatchId).optional(),
    /** Whose scopes to keep away from are long past. */
    backoffs: z.array(PrincipalId).optional(),
  }),
  /** The last event of every record: its Lamport value, and what a repeat of the request is answered with. */
  event("Settled", {
    lamport: z.int(),
    principal: PrincipalId.optional(),
    requestId: z.string().optional(),
    /** Of the message, where replays are kept out. */
    messageId: z.string().optional(),
    contentHash: z.string().optional(),
    result: z.looseObject({}).optional(),
    /** Conflicts whose freeze is over by this record, while they stay open. */
    thawed: z.array(ConflictId).optional(),
  }),
]);
export type SessionEvent = z.infer<typeof SessionEvent>;
export type SessionEventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

/** What no participant says: the last connection of one is gone, and it has not said that it leaves. */
export interface ConnectionLost {
  readonly type: "ConnectionLost";
  readonly principal: string;
}

/** The coordinator's process stops, and hands its office to nobody. */
export interface CoordinatorStopped {
  readonly type: "CoordinatorStopped";
}

/** What an accepted command gives its sender beyond the events (wire: `extensions.signalbox.ack`). */
export interface SettledResult {
  /** The announcement waits; when it begins its owner hears of it by itself. */
  readonly waiting?: {
    readonly deferral_id: string;
    readonly intent_id: string;
    /** Until when its place is kept, unless it is asked for again. */
    readonly expires_at_ms: number;
    /** How many others wait for a part of the scope and come first. */
    readonly ahead: number;
    /** Some of the active intents in its way, as a refusal names them, and how many there are. */
    readonly holders: readonly JsonObject[];
    readonly holder_count: number;
  };
  readonly fence?: number;
  readonly conflicts?: readonly string[];
  readonly superseded?: readonly string[];
  /** Conflicts that a part of the announced scope is frozen for. */
  readonly frozen?: readonly string[];
  readonly escalated_to?: string;
  readonly resolution_id?: string;
}
