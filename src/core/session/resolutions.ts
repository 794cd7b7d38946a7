/**
 * How a conflict ends by somebody's word, and what that does to what it is about (SPEC 18.4).
 *
 * The first resolution by somebody with authority stands. What it rejects ends: an intent is withdrawn and its owner keeps
 * away from its scope for a while, an operation that waits for its commit is rejected. A committed one stays committed,
 * because its bytes are where they are; the resolution says what takes it back.
 */
import type { IntentId, OpId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { hasAuthority, mayResolve } from "./authority.ts";
import { backoffAfter } from "./backoff.ts";
import { endings } from "./cascade.ts";
import type { SessionState } from "./state.ts";
import { type Conflict, isOpen } from "./state/conflicts.ts";
import { isLive } from "./state/intents.ts";
import { isPending } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

type Outcome = SessionEventOf<"ConflictResolved">["outcome"];

const REJECTED = "resolution_rejected";

export function decideResolution(
  state: Readonly<SessionState>,
  message: Message<"RESOLUTION">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { conflict_id: id, decision, resolution_id, rationale } = message.payload;
  const conflict = state.conflicts.get(id);
  if (conflict === undefined) return refuse("conflict/unknown", `there is no conflict ${id}`);
  // Whose word does not count is in no order with others (SPEC 18.4), the one that stands among them.
  if (!mayResolve(conflict, sender)) return authorityRefusal(conflict, sender);
  if (!isOpen(conflict)) return resolvedRefusal(conflict);
  const read = readOutcome(state, conflict, message.payload.outcome ?? {});
  if ("rejected" in read) return read;

  const { outcome } = read;
  const resolutionId = resolution_id ?? at.newId("resolution");
  const resolved: SessionEvent = {
    type: "ConflictResolved",
    conflictId: id,
    resolutionId,
    by: sender.id,
    decision,
    rationale: rationale ?? "",
    outcome,
  };
  return { events: [resolved, ...effects(state, conflict, outcome, sender, at)], result: { resolution_id: resolutionId } };
}

function resolvedRefusal({ id, state, resolution }: Conflict): { readonly rejected: Rejection } {
  const by = resolution?.by ?? "the coordinator";
  return refuse("conflict/resolved", `conflict ${id} is ${state} already, by ${by}; the first resolution stands`, {
    state,
    ...(resolution === undefined ? {} : { resolution_id: resolution.id, decision: resolution.decision }),
  });
}

function authorityRefusal(conflict: Conflict, sender: Participant): { readonly rejected: Rejection } {
  const { id, escalatedTo, state } = conflict;
  if (!isOpen(conflict)) {
    return refuse(
      "principal/no-authority",
      `conflict ${id} is ${state} already, and ${sender.id} had no say in it; nothing is left to do`,
      {
        state,
      },
    );
  }
  if (escalatedTo === undefined) {
    return refuse("principal/no-authority", `${sender.id} is neither owner nor arbiter; escalate conflict ${id} to somebody who is`);
  }
  const passed = hasAuthority(sender) ? "an owner's word counts no more" : `${sender.id} is neither`;
  return refuse("principal/no-authority", `conflict ${id} is before ${escalatedTo}, who decides it, or an arbiter; ${passed}`, {
    escalated_to: escalatedTo,
  });
}

function readOutcome(
  state: Readonly<SessionState>,
  conflict: Conflict,
  given: NonNullable<Message<"RESOLUTION">["payload"]["outcome"]>,
): { readonly outcome: Outcome } | { readonly rejected: Rejection } {
  const [accepted, rejected, merged] = [given.accepted, given.rejected, given.merged].map((ids) => [...new Set(ids ?? [])]) as [
    string[],
    string[],
    string[],
  ];
  const named = [...accepted, ...rejected, ...merged];
  const twice = named.find((id, index) => named.indexOf(id) !== index);
  if (twice !== undefined) return refuse("message/malformed", `outcome names ${twice} in two of its lists; decide for one`);
  const unrelated = named.find((id) => !isRelated(state, conflict, id));
  if (unrelated !== undefined) {
    const about = [...conflict.intents, ...conflict.operations];
    return refuse("conflict/unrelated", `conflict ${conflict.id} is not about ${unrelated}; it is about ${about.join(", ")}`, {
      about,
    });
  }
  const committed = rejected.find((id) => state.operations.get(id as OpId)?.state === "COMMITTED");
  const rollback = given.rollback ?? "";
  if (committed !== undefined && rollback === "") {
    return refuse(
      "message/malformed",
      `operation ${committed} is committed; say in outcome.rollback which OP_COMMIT takes it back, or "not_required"`,
    );
  }
  return { outcome: { accepted, rejected, merged, ...(rollback === "" ? {} : { rollback }) } };
}

/** What the conflict names, what belongs to its intents, and what its parties did beside any intent. */
function isRelated(state: Readonly<SessionState>, { intents, operations, principals }: Conflict, id: string): boolean {
  if (intents.includes(id as IntentId) || operations.includes(id as OpId)) return true;
  const operation = state.operations.get(id as OpId);
  if (operation === undefined) return false;
  return operation.intent === undefined ? principals.includes(operation.principal) : intents.includes(operation.intent);
}

function effects(
  state: Readonly<SessionState>,
  conflict: Conflict,
  { rejected }: Outcome,
  sender: Participant,
  at: SessionMoment,
): SessionEvent[] {
  const intents = rejected.flatMap((id) => state.intents.get(id as IntentId) ?? []).filter(isLive);
  const opIds = rejected
    .flatMap((id) => state.operations.get(id as OpId) ?? [])
    .filter(isPending)
    .map(({ id }) => id);
  const ending = intents.map(({ id }) => ({ id, state: "WITHDRAWN" as const, reason: REJECTED }));
  const rejection: SessionEvent = { type: "OperationRejected", opIds, by: sender.id, reason: REJECTED, refersTo: conflict.id };
  return [
    ...(opIds.length === 0 ? [] : [rejection]),
    ...endings(state, ending, new Set(opIds)).filter((event) => !isDismissal(event, conflict)),
    ...intents.map((intent) => backoffAfter(state, intent, at.atMs)),
  ];
}

/** Of the conflict itself: it is resolved in the same record. */
function isDismissal(event: SessionEvent, { id }: Conflict): boolean {
  return event.type === "ConflictDismissed" && event.conflictId === id;
}
