/**
 * The events of a session: what its log says happened. Forever: a released event is never edited, only joined by new ones.
 *
 * An event holds what the state needs. What only people or peers read (assumptions, summaries of operations) stays in the
 * command of the same record, which the record keeps as it was received.
 */
import * as z from "zod";
import { ConflictId, IntentId, OpId, PrincipalId, SessionId } from "./ids.ts";
import { Host, Worktree } from "./mpac/extension.ts";
import { Scope } from "./mpac/messages.ts";

/** The rules a session was opened with. They change only by an event. */
export const SessionSettings = z.looseObject({
  profile: z.enum(["open"]),
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
});
export type SessionSettings = z.infer<typeof SessionSettings>;

export const IntentEnd = z.enum(["WITHDRAWN", "EXPIRED", "SUPERSEDED"]);
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
  }),
  event("ParticipantStatus", {
    principalId: PrincipalId,
    status: z.string(),
    summary: z.string().optional(),
    activeIntentId: z.string().optional(),
    branch: z.string().optional(),
    head: z.string().optional(),
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
  }),
  event("ConflictAcknowledged", {
    conflictId: ConflictId,
    principalId: PrincipalId,
    ackType: z.string(),
    state: z.enum(["OPEN", "ACKED"]),
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
  /** What ended long enough ago has left the state (ARCHITECTURE section 2, «forgetting is recorded too»). */
  event("Forgotten", {
    intents: z.array(IntentId),
    operations: z.array(OpId),
    conflicts: z.array(ConflictId),
    principals: z.array(PrincipalId),
  }),
  /** The last event of every record: its Lamport value, and what a repeat of the request is answered with. */
  event("Settled", {
    lamport: z.int(),
    principal: PrincipalId.optional(),
    requestId: z.string().optional(),
    contentHash: z.string().optional(),
    result: z.looseObject({}).optional(),
  }),
]);
export type SessionEvent = z.infer<typeof SessionEvent>;
export type SessionEventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

/** What an accepted command gives its sender beyond the events (wire: `extensions.signalbox.ack`). */
export interface SettledResult {
  readonly fence?: number;
  readonly conflicts?: readonly string[];
  readonly superseded?: readonly string[];
}
