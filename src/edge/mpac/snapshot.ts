/**
 * A session's state in the specification's own shape (SPEC 8.1.1.2, version 2): for an export, and for a reader of another make.
 * This release recovers from its log and never from a snapshot.
 *
 * Every member that the specification lists is there, the two policies that the reference implementations leave out among
 * them; what else decides about the session stands beside. Nothing here is secret, and nothing holds the content of a file.
 */
import type { SessionState } from "../../core/session/state.ts";
import type { Claim } from "../../core/session/state/claims.ts";
import type { Conflict } from "../../core/session/state/conflicts.ts";
import type { Deferral } from "../../core/session/state/deferrals.ts";
import type { Intent } from "../../core/session/state/intents.ts";
import type { Operation } from "../../core/session/state/operations.ts";
import type { Participant } from "../../core/session/state/participants.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import { PROTOCOL_VERSION } from "../../wire/mpac/envelope.ts";
import { rfc3339 } from "./coordinator-voice.ts";
import { governancePolicy, livenessPolicy } from "./policies.ts";

const SNAPSHOT_VERSION = 2;

/** How long a message is known, so that it is not taken twice, in seconds (SPEC 23.1.2). */
export const REPLAY_WINDOW_SEC = 300;

/** What was heard of an incarnation of a participant last. */
export interface Frontier {
  readonly atMs: number;
  /** RFC 3339, by its own clock. */
  readonly ts: string | undefined;
  /** Of its own clock. */
  readonly lamport: number | undefined;
}

/** What is known beside the state. */
export interface Heard {
  /** By `principal|instance`. */
  readonly frontier: ReadonlyMap<string, Frontier>;
  /** Of the messages within the replay window, the oldest first. */
  readonly messageIds: readonly string[];
}

/** How one incarnation of a participant is named in the frontier. */
export function incarnationOf(principal: string, instance: string | undefined): string {
  return `${principal}|${instance ?? ""}`;
}

export function snapshotOf(state: Readonly<SessionState>, capturedAtMs: number, heard: Heard): JsonObject {
  const { settings } = state;
  return {
    snapshot_version: SNAPSHOT_VERSION,
    session_id: state.id ?? "",
    protocol_version: PROTOCOL_VERSION,
    captured_at: rfc3339(capturedAtMs),
    coordinator_epoch: state.epoch,
    lamport_clock: state.clock,
    anti_replay: {
      replay_window_sec: REPLAY_WINDOW_SEC,
      // Where replays are kept out, the session knows them itself.
      recent_message_ids: state.seenMessages.size > 0 ? [...state.seenMessages.keys()] : heard.messageIds,
      sender_frontier: Object.fromEntries([...state.participants.values()].flatMap((participant) => frontierOf(participant, heard))),
    },
    participants: Array.from(state.participants.values(), (participant) => participantOf(participant, heard)),
    intents: Array.from(state.intents.values(), (intent) => intentOf(state, intent)),
    operations: Array.from(state.operations.values(), operationOf),
    conflicts: Array.from(state.conflicts.values(), conflictOf),
    governance_policy: governancePolicy(settings),
    liveness_policy: livenessPolicy(settings),
    // Beside the specification's own, under the names that the original gives them where it has them.
    security_profile: settings.profile,
    deferrals: Array.from(state.deferrals.values(), deferralOf),
    pending_claims: [...state.claims.values()].filter((claim) => claim.state === "PENDING").map(claimOf),
    batches: Array.from(state.batches.values(), ({ id, principal, intent, atomicity, operations }) =>
      present({ batch_id: id, principal_id: principal, intent_id: intent, atomicity, operations }),
    ),
    session_closed: state.closed !== undefined,
  };
}

/** Only the members that are there. */
function present(members: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Of the incarnation that stands; an earlier one of its name is done with. */
function frontierOf({ id, instanceId }: Participant, { frontier }: Heard): [string, JsonObject][] {
  const incarnation = incarnationOf(id, instanceId);
  const last = frontier.get(incarnation);
  if (last === undefined) return [];
  return [[incarnation, { last_ts: last.ts ?? rfc3339(last.atMs), last_lamport: last.lamport ?? 0 }]];
}

function participantOf(participant: Participant, { frontier }: Heard): JsonObject {
  const { id, type, instanceId, displayName, roles, status, presence, sinceMs, summary, activeIntentId, backend } = participant;
  const heardAtMs = frontier.get(incarnationOf(id, instanceId))?.atMs ?? sinceMs;
  return present({
    principal_id: id,
    principal_type: type,
    display_name: displayName,
    roles,
    status,
    is_available: presence === "available",
    last_seen: rfc3339(presence === "available" ? Math.max(heardAtMs, sinceMs) : sinceMs),
    sender_instance_id: instanceId,
    summary,
    active_intent_id: activeIntentId,
    backend: backend === undefined ? undefined : { model_id: backend.modelId, provider_status: backend.status },
  });
}

function intentOf(state: Readonly<SessionState>, intent: Intent): JsonObject {
  return present({
    intent_id: intent.id,
    principal_id: intent.principal,
    state: intent.state,
    objective: intent.objective,
    scope: intent.scope as unknown as JsonObject,
    priority: intent.priority,
    ttl_sec: intent.ttlSec,
    received_at: rfc3339(intent.announcedAtMs),
    expires_at: rfc3339(intent.expiresAtMs),
    claimed_by: intent.claim === undefined ? undefined : state.claims.get(intent.claim)?.principal,
    superseded_by: intent.supersededBy,
    end_reason: intent.endReason,
  });
}

function operationOf(operation: Operation): JsonObject {
  return present({
    op_id: operation.id,
    intent_id: operation.intent ?? null,
    principal_id: operation.principal,
    state: operation.state,
    target: operation.target,
    state_ref_before: operation.stateRefBefore,
    state_ref_after: operation.stateRefAfter,
    batch_id: operation.batch,
    authorized_by: operation.authorizedBy,
  });
}

function conflictOf(conflict: Conflict): JsonObject {
  const { frozen, resolution, acknowledgements } = conflict;
  return present({
    conflict_id: conflict.id,
    category: conflict.category,
    severity: conflict.severity,
    description: conflict.description,
    state: conflict.state,
    related_intents: conflict.intents,
    related_ops: conflict.operations,
    involved_principals: conflict.principals,
    reported_by: conflict.reporter,
    opened_at: rfc3339(conflict.openedAtMs),
    acknowledgements: Object.fromEntries(acknowledgements),
    escalated_to: conflict.escalatedTo,
    scope_frozen: frozen !== undefined,
    frozen_since: frozen === undefined ? undefined : rfc3339(frozen.sinceMs),
    frozen_phase: frozen?.phase,
    resolution_id: resolution?.id,
    decision: resolution?.decision,
    resolved_by: resolution?.by,
    dependency_detail: conflict.dependency,
  });
}

function deferralOf(deferral: Deferral): JsonObject {
  return present({
    deferral_id: deferral.id,
    principal_id: deferral.principal,
    scope: deferral.scope as unknown as JsonObject,
    category: deferral.category,
    reason: deferral.reason,
    observed_intent_ids: deferral.observedIntents,
    observed_principals: deferral.observedPrincipals,
    expires_at: rfc3339(deferral.expiresAtMs),
    waiting_intent_id: deferral.waiting?.intentId,
  });
}

function claimOf(claim: Claim): JsonObject {
  return present({
    claim_id: claim.id,
    original_intent_id: claim.intent,
    new_intent_id: claim.newIntent,
    principal_id: claim.principal,
    objective: claim.objective,
    scope: claim.scope as unknown as JsonObject,
    due_at: claim.dueAtMs === undefined ? undefined : rfc3339(claim.dueAtMs),
  });
}
