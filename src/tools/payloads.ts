/** What the tools' commands say: the payloads of their MPAC messages, with what is ours under `extensions.signalbox`. */
import type { JsonObject } from "../wire/json.ts";
import type { Announcement, Claim, Commit, Escalation, Repeatable, Resolution, Supersede } from "./ports/session.ts";

export function announcementPayload(announcement: Announcement): JsonObject {
  const { intentId, objective, files, onOverlap, ttlSec, renews, requestId, priority, symbols, placeSec } = announcement;
  return {
    intent_id: intentId,
    objective,
    scope: { kind: "file_set", resources: files, ...(symbols === undefined ? {} : { extensions: { signalbox: { symbols } } }) },
    ttl_sec: ttlSec,
    ...(priority === undefined ? {} : { priority }),
    extensions: {
      signalbox: {
        on_overlap: onOverlap,
        request_id: requestId,
        ...(renews ? { renews } : {}),
        ...(onOverlap === "wait" && placeSec !== undefined ? { wait_sec: placeSec } : {}),
      },
    },
  };
}

export function claimPayload(asked: Claim): JsonObject {
  const { claimId, originalIntentId, originalPrincipalId, newIntentId, objective, files, justification, requestId } = asked;
  return {
    claim_id: claimId,
    original_intent_id: originalIntentId,
    new_intent_id: newIntentId,
    objective,
    ...(originalPrincipalId === undefined ? {} : { original_principal_id: originalPrincipalId }),
    ...(files === undefined ? {} : { scope: { kind: "file_set", resources: files } }),
    ...(justification === undefined ? {} : { justification }),
    extensions: { signalbox: { renews: true, ...(requestId === undefined ? {} : { request_id: requestId }) } },
  };
}

/** What any commit says of its operation. */
export function operationPayload(commit: Omit<Commit, "fence" | "observed" | "requestId">): JsonObject {
  const { opId, intentId, target, opKind, stateRefBefore, stateRefAfter } = commit;
  return {
    op_id: opId,
    intent_id: intentId,
    target,
    op_kind: opKind,
    state_ref_before: stateRefBefore,
    state_ref_after: stateRefAfter,
  };
}

/** The reference that was just read from the disk goes along, which is the truth there. */
export function worktreeCommit({ observed, fence, requestId, ...commit }: Commit): JsonObject {
  const once = requestId === undefined ? {} : { request_id: requestId };
  return { ...operationPayload(commit), extensions: { signalbox: { observed, fence, ...once } } };
}

export function supersedePayload({ opId, supersedesOpId, target, intentId, stateRefAfter, reason }: Supersede): JsonObject {
  return { op_id: opId, supersedes_op_id: supersedesOpId, target, intent_id: intentId, state_ref_after: stateRefAfter, reason };
}

export function escalationPayload({ conflictId, to, reason, context, requestId }: Escalation): JsonObject {
  return {
    conflict_id: conflictId,
    reason,
    ...(to === undefined ? {} : { escalate_to: to }),
    ...(context === undefined ? {} : { context }),
    ...asRepeatable({ requestId }),
  };
}

export function resolutionPayload({ conflictId, decision, rationale, outcome, requestId }: Resolution): JsonObject {
  return {
    conflict_id: conflictId,
    decision,
    rationale,
    ...(outcome === undefined ? {} : { outcome: withoutHoles(outcome) }),
    ...asRepeatable({ requestId }),
  };
}

/** The id of the caller's own; without it the client gives the message one. */
export function asRepeatable({ requestId }: Repeatable = {}): JsonObject {
  return requestId === undefined ? {} : { extensions: { signalbox: { request_id: requestId } } };
}

function withoutHoles(members: { readonly [name: string]: readonly string[] | string | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined));
}
