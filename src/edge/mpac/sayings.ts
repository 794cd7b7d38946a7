/**
 * What the coordinator says because of an event, and to whom. Pure: an event in, messages out.
 *
 * Peers are told what the original never tells them, every intent that ends without its owner's INTENT_WITHDRAW among it.
 * What depends on the session as it stands (its health, its summary) is added where it is sent.
 */
import { FALLBACK, OVER, PHASE_3 } from "../../wire/freeze.ts";
import { isObject, type Json, type JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { SidebandAnswer } from "../../wire/mpac/sideband.ts";
import { shortRef } from "../../wire/references.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { SettledResult } from "../../wire/session/settled-result.ts";
import { rfc3339 } from "./coordinator-voice.ts";

export type Audience =
  | { readonly kind: "everyone" }
  | { readonly kind: "others" }
  | { readonly kind: "only"; readonly principals: readonly string[] }
  | { readonly kind: "except"; readonly principal: string }
  /** Whom a conflict is between, and the arbiters, who may have to decide it. */
  | { readonly kind: "parties"; readonly principals: readonly string[] };

export const EVERYONE: Audience = { kind: "everyone" };

export type Said =
  /** A message of the coordinator; `index` is the place of its event in the record, `part` its own among those of the event. */
  | {
      readonly kind: "coordinator";
      readonly type: string;
      readonly payload: JsonObject;
      readonly index: number;
      readonly part: number;
      readonly audience: Audience;
    }
  /** A frame beside the specification. */
  | { readonly kind: "sideband"; readonly frame: SidebandAnswer };

/** Only the members that are there. */
function members(all: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

export function sayings(event: SessionEvent, index: number, message: ClientMessage | undefined): Said[] {
  let part = 0;
  const say: Say = (type, payload, audience = EVERYONE) => [{ kind: "coordinator", type, payload, index, part: part++, audience }];
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
      return event.action === "none" && event.recovered !== true ? [] : say("COORDINATOR_STATUS", backendAlert(event));
    case "ConflictOpened":
      if (event.reporter !== undefined) return [];
      return say("CONFLICT_REPORT", reportOf(event), { kind: "parties", principals: event.principals });
    case "ConflictEscalated":
      return escalated(event, message, say);
    case "ScopeFrozen":
      return frozen(event, say);
    case "ConflictResolved":
      if (event.by !== undefined) return [];
      return [...say("RESOLUTION", resolution(event)), ...fallbacks(event).flatMap((payload) => say("OP_REJECT", payload))];
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
      // What a RESOLUTION rejects, nobody has rejected in a message of its own; nor what falls with the rest of its batch.
      if (event.by !== undefined && message?.message_type === "OP_REJECT") return [];
      if (event.reason === FALLBACK && event.batchId === undefined) return [];
      return rejections(event).flatMap((payload) => say("OP_REJECT", payload));
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
      return [];
    case "Settled":
      return [...frozenWarning(event, message, say), ...thawed(event, say)];
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
    approved_by: event.decision === "approved" ? event.approvedBy : undefined,
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
      // The schemas know alternatives as objects; what else a client names is nobody's model.
      alternatives: (event.alternatives as readonly Json[] | undefined)?.filter((one) => isObject(one)),
    }),
  };
}

type Say = (type: string, payload: JsonObject, audience?: Audience) => Said[];

/** The sender's own word names whom it is brought before; else, and when time did it, the coordinator says so. */
function escalated(
  { conflictId, to, reason, dueAtMs }: SessionEventOf<"ConflictEscalated">,
  message: ClientMessage | undefined,
  say: Say,
): Said[] {
  const isNamed = message?.message_type === "CONFLICT_ESCALATE" && message.payload.escalate_to === to;
  if (isNamed) return [];
  const told = say("CONFLICT_ESCALATE", { conflict_id: conflictId, escalate_to: to, reason });
  if (dueAtMs === undefined) return told;
  const description = `nobody has resolved conflict ${conflictId} in time; it is before ${to} now`;
  return [...told, ...say("PROTOCOL_ERROR", { error_code: "RESOLUTION_TIMEOUT", description, refers_to: conflictId })];
}

/** The announcement stands, but a part of what it is about may not be changed yet (SPEC 18.6.2). */
function frozenWarning({ principal, result }: SessionEventOf<"Settled">, message: ClientMessage | undefined, say: Say): Said[] {
  const frozen = (result as SettledResult | undefined)?.frozen ?? [];
  if (frozen.length === 0 || principal === undefined || message === undefined) return [];
  const description = `Warning: a part of the scope is frozen until ${frozen.join(", ")} is resolved; nothing is committed there before`;
  const payload = { error_code: "SCOPE_FROZEN", description, refers_to: message.message_id, extensions: { signalbox: { frozen } } };
  return say("PROTOCOL_ERROR", payload, { kind: "only", principals: [principal] });
}

/** Who has heard that a scope is frozen hears that it is no more; a RESOLUTION says so of itself. */
function thawed({ thawed: ids = [] }: SessionEventOf<"Settled">, say: Say): Said[] {
  return ids.flatMap((id) => {
    const description = `the scope of conflict ${id} is not frozen any more, because no two sides dispute it; it stays open until a RESOLUTION is given`;
    const payload = { error_code: "SCOPE_FROZEN", description, refers_to: id, extensions: { signalbox: { freeze: OVER } } };
    return say("PROTOCOL_ERROR", payload);
  });
}

/** Everybody hears that a scope is blocked; whom a higher priority passes hears why it may not go on itself (SPEC 18.6.2.1). */
function frozen({ conflictId, phase, favoured, principals }: SessionEventOf<"ScopeFrozen">, say: Say): Said[] {
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

/** All that came second, committed or not: who has committed has to take it back (SPEC 18.6.2.1). */
function fallbacks({ conflictId, rationale, outcome }: SessionEventOf<"ConflictResolved">): JsonObject[] {
  if (rationale !== PHASE_3) return [];
  return outcome.rejected.map((opId) => ({ op_id: opId, reason: FALLBACK, refers_to: conflictId }));
}

function authorizations({ opIds, batchId, by }: SessionEventOf<"OperationAuthorized">): JsonObject[] {
  return opIds.map((opId) => members({ event: "authorization", authorized_op_id: opId, authorized_by: by, authorized_batch_id: batchId }));
}

/** Of a batch one message, under the batch's id (SPEC 16.8). */
function rejections({ opIds, batchId, reason, refersTo, refused = [] }: SessionEventOf<"OperationRejected">): JsonObject[] {
  if (batchId === undefined) return opIds.map((opId) => members({ op_id: opId, reason, refers_to: refersTo }));
  const why = refused.map(({ opId, refusal, message }) => ({ op_id: opId, refusal, message }));
  const extensions = why.length === 0 ? undefined : { signalbox: { refused: why } };
  return [members({ op_id: batchId, reason, refers_to: refersTo, rejected_ops: [...opIds, ...why.map(({ op_id }) => op_id)], extensions })];
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

/** The union of what the specification asks for and what the original's clients read. */
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
