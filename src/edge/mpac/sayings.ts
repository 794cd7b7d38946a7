/**
 * What the coordinator says because of an event, and to whom. Pure: an event in, messages out.
 *
 * Peers are told what the original never tells them, every intent that ends without its owner's INTENT_WITHDRAW among it.
 * What depends on the session as it stands (its health, its summary) is added where it is sent.
 */
import type { Json, JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { SidebandAnswer } from "../../wire/mpac/sideband.ts";
import { shortRef } from "../../wire/references.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";

export type Audience =
  | { readonly kind: "everyone" }
  | { readonly kind: "others" }
  | { readonly kind: "only"; readonly principals: readonly string[] };

export const EVERYONE: Audience = { kind: "everyone" };

export type Said =
  /** A message of the coordinator; `index` is the place of its event in the record. */
  | {
      readonly kind: "coordinator";
      readonly type: string;
      readonly payload: JsonObject;
      readonly index: number;
      readonly audience: Audience;
    }
  /** A frame beside the specification. */
  | { readonly kind: "sideband"; readonly frame: SidebandAnswer };

const rfc3339 = (ms: number): string => new Date(ms).toISOString();

/** Only the members that are there. */
function members(all: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

export function sayings(event: SessionEvent, index: number, message: ClientMessage | undefined): Said[] {
  const say = (type: string, payload: JsonObject, audience: Audience = EVERYONE): Said[] => [
    { kind: "coordinator", type, payload, index, audience },
  ];
  switch (event.type) {
    case "IntentEnded":
      // The word of a claim says of itself that the work was taken over.
      if (message?.message_type === "INTENT_WITHDRAW" || event.state === "TRANSFERRED") return [];
      return say("INTENT_WITHDRAW", members({ intent_id: event.intentId, reason: event.reason, superseded_by: event.supersededBy }));
    case "IntentDeferred":
      return say("INTENT_DEFERRED", deferral(event));
    case "DeferralEnded":
      return say("INTENT_DEFERRED", {
        deferral_id: event.deferralId,
        principal_id: event.principalId,
        status: event.status,
        reason: event.reason,
      });
    case "ClaimDecided":
      return say("INTENT_CLAIM_STATUS", claimStatus(event));
    case "ParticipantLapsed":
      return say("PROTOCOL_ERROR", {
        error_code: "PARTICIPANT_UNAVAILABLE",
        description: `${event.principalId} has not been heard since ${rfc3339(event.lastHeardAtMs)}; its intents are suspended`,
        refers_to: event.principalId,
      });
    case "BackendReported":
      return event.action === "none" ? [] : say("COORDINATOR_STATUS", backendAlert(event));
    case "ConflictOpened":
      if (event.reporter !== undefined) return [];
      return say("CONFLICT_REPORT", reportOf(event), { kind: "only", principals: event.principals });
    case "ConflictEscalated":
      if (event.by !== undefined) return [];
      return say("CONFLICT_ESCALATE", { conflict_id: event.conflictId, escalate_to: event.to, reason: event.reason });
    case "ScopeFrozen":
      return frozen(event, say);
    case "ConflictResolved":
      if (event.by !== undefined) return [];
      return say("RESOLUTION", resolution(event));
    case "ConflictDismissed":
      return say("RESOLUTION", {
        resolution_id: `resolution-${event.conflictId}`,
        conflict_id: event.conflictId,
        decision: "dismissed",
        rationale: event.rationale,
      });
    case "OperationAuthorized":
      return authorizations(event).flatMap((payload) => say("COORDINATOR_STATUS", payload));
    case "OperationRejected":
      return event.by === undefined ? rejections(event).flatMap((payload) => say("OP_REJECT", payload)) : [];
    case "OperationAbandoned":
      return say("OP_REJECT", { op_id: event.opId, reason: event.reason });
    case "OperationCommitted":
      return updatedFiles(event);
    case "SessionClosed":
      return say("SESSION_CLOSE", { reason: event.reason });
    case "Opened":
    case "Resumed":
    case "ParticipantJoined":
    case "ParticipantStatus":
    case "ParticipantLeft":
    case "IntentAnnounced":
    case "IntentUpdated":
    case "IntentSuspended":
    case "IntentRestored":
    case "ClaimOpened":
    case "BackoffStarted":
    case "ConflictAcknowledged":
    case "OperationProposed":
    case "OperationFrozen":
    case "OperationThawed":
    case "BatchOpened":
    case "OperationSuperseded":
    case "Forgotten":
    case "Settled":
      return [];
  }
}

function deferral(event: SessionEventOf<"IntentDeferred">): JsonObject {
  return members({
    deferral_id: event.deferralId,
    principal_id: event.principalId,
    scope: event.scope as unknown as JsonObject,
    reason: event.reason,
    category: event.category,
    observed_intent_ids: event.observedIntents,
    observed_principals: event.observedPrincipals,
    expires_at: rfc3339(event.expiresAtMs),
  });
}

function claimStatus(event: SessionEventOf<"ClaimDecided">): JsonObject {
  return members({
    claim_id: event.claimId,
    original_intent_id: event.intentId,
    new_intent_id: event.newIntentId,
    decision: event.decision,
    reason: event.reason,
    approved_by: event.approvedBy,
  });
}

function backendAlert(event: SessionEventOf<"BackendReported">): JsonObject {
  return {
    event: "backend_alert",
    affected_principal: event.principalId,
    backend_detail: members({
      model_id: event.modelId,
      provider_status: event.status,
      status_detail: event.detail,
      alternatives: event.alternatives as readonly Json[] | undefined,
    }),
  };
}

/** Everybody hears that a scope is blocked; whom a higher priority passes hears why it may not go on itself (SPEC 18.6.2.1). */
function frozen(
  { conflictId, phase, favoured, principals }: SessionEventOf<"ScopeFrozen">,
  say: (type: string, payload: JsonObject, audience?: Audience) => Said[],
): Said[] {
  const about = (error_code: string, description: string): JsonObject => ({ error_code, description, refers_to: conflictId });
  const blocked = `nobody has resolved conflict ${conflictId} in time; its scope is frozen (phase ${phase}) until a RESOLUTION is given`;
  if (favoured === undefined) return say("PROTOCOL_ERROR", about("RESOLUTION_TIMEOUT", blocked));
  const passed = `the scope of conflict ${conflictId} is partially unfrozen for intent ${favoured}, which has the higher priority; others wait`;
  return [
    ...say("PROTOCOL_ERROR", about("RESOLUTION_TIMEOUT", blocked)),
    ...say("PROTOCOL_ERROR", about("SCOPE_FROZEN", passed), { kind: "only", principals }),
  ];
}

function resolution(event: SessionEventOf<"ConflictResolved">): JsonObject {
  const { accepted, rejected, merged, rollback } = event.outcome;
  return {
    resolution_id: event.resolutionId,
    conflict_id: event.conflictId,
    decision: event.decision,
    rationale: event.rationale,
    outcome: members({ accepted, rejected, merged, rollback }),
  };
}

function authorizations({ opIds, batchId, by }: SessionEventOf<"OperationAuthorized">): JsonObject[] {
  return opIds.map((opId) => members({ event: "authorization", authorized_op_id: opId, authorized_by: by, authorized_batch_id: batchId }));
}

/** Of a batch one message, under the batch's id (SPEC 16.8). */
function rejections({ opIds, batchId, reason, refersTo }: SessionEventOf<"OperationRejected">): JsonObject[] {
  if (batchId !== undefined) return [members({ op_id: batchId, reason, refers_to: refersTo, rejected_ops: opIds })];
  return opIds.map((opId) => members({ op_id: opId, reason, refers_to: refersTo }));
}

/** Only what brought content: without it there is nothing to read anew. */
function updatedFiles(event: SessionEventOf<"OperationCommitted">): Said[] {
  return event.files
    .filter((file) => file.blob !== undefined || file.stateRef === null)
    .map((file) => ({
      kind: "sideband",
      frame: {
        type: "FILE_UPDATED",
        path: file.path,
        state_ref: file.stateRef === null ? null : shortRef(file.stateRef),
        updated_by: event.principalId,
      },
    }));
}

/** The union of what the specification asks for and what the original's clients read (reference mpac 7.1, row 5). */
function reportOf(event: SessionEventOf<"ConflictOpened">): JsonObject {
  const [principalA = null, principalB = null] = event.principals;
  const [intentA = null, intentB = null] = event.intents;
  return {
    conflict_id: event.conflictId,
    category: event.category,
    severity: event.severity,
    description: event.description,
    basis: event.basis === undefined ? { kind: "rule", rule_id: event.category } : { kind: event.basis },
    related_intents: event.intents as readonly Json[],
    related_ops: event.operations as readonly Json[],
    principal_a: principalA,
    principal_b: principalB,
    intent_a: intentA,
    intent_b: intentB,
    ...(event.dependency === undefined ? {} : { dependency_detail: event.dependency as JsonObject }),
    suggested_action: "agree who goes first, or withdraw one of the two intents",
  };
}
