/**
 * Conflicts that participants report and acknowledge (SPEC 17). Those that the coordinator finds open in `overlaps.ts`; what
 * comes of one is in `escalations.ts`, `resolutions.ts`, `timeouts.ts` and `dismissal.ts`.
 *
 * | from                   | event                                        | to        |
 * |------------------------|----------------------------------------------|-----------|
 * | (none)                 | CONFLICT_REPORT, or a meeting of intents     | OPEN      |
 * | OPEN                   | CONFLICT_ACK `seen` or `accepted` by a party | ACKED     |
 * | OPEN, ACKED            | CONFLICT_ESCALATE to an owner or arbiter     | ESCALATED |
 * | OPEN, ACKED            | RESOLUTION by an owner or arbiter            | CLOSED    |
 * | ESCALATED              | RESOLUTION by its target or an arbiter       | CLOSED    |
 * | OPEN, ACKED, ESCALATED | RESOLUTION `dismissed` by the same           | DISMISSED |
 * | OPEN, ACKED, ESCALATED | everything it is about has ended             | DISMISSED |
 * | OPEN, ACKED, ESCALATED | nobody resolved it, and its freeze ran out   | CLOSED    |
 *
 * RESOLVED is passed through: what is resolved is closed in the same record.
 */
import type { ConflictId, IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import { isUncertain } from "../../wire/mpac/basis.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { availableArbiters } from "./authority.ts";
import type { SessionState } from "./state.ts";
import { isOpen } from "./state/conflicts.ts";
import { isLive } from "./state/intents.ts";
import { isStanding } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

export function decideReport(
  state: Readonly<SessionState>,
  message: Message<"CONFLICT_REPORT">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const contentHash = at.facts.contentHash ?? "";
  const standing = state.conflicts.get(payload.conflict_id);
  if (standing !== undefined) {
    const same = standing.contentHash === contentHash && standing.reporter === sender.id;
    return same
      ? { standing: { revision: standing.openedAt } }
      : refuse("id/taken", `conflict id ${payload.conflict_id} is in use; choose another`);
  }

  const named = [...new Set([...(payload.related_intents ?? []), payload.intent_a, payload.intent_b])].filter(
    (id) => typeof id === "string",
  );
  const namedOps = payload.related_ops ?? [];
  if (named.length + namedOps.length === 0) {
    return refuse("message/malformed", "a conflict is about something: name intents in related_intents, or operations in related_ops");
  }
  const intents = named.flatMap((id) => state.intents.get(id as IntentId) ?? []);
  const operations = namedOps.flatMap((id) => state.operations.get(id as OpId) ?? []);
  const anythingStands = intents.some(isLive) || operations.some(isStanding);
  if (!anythingStands) {
    return refuse("intent/unknown", "a conflict names at least one live intent or standing operation in related_intents or related_ops");
  }

  const principals = new Set([
    ...intents.map((intent) => intent.principal),
    ...operations.map((operation) => operation.principal),
    sender.id,
  ]);
  const guessed = isUncertain(payload["basis"]);
  return {
    events: [
      {
        type: "ConflictOpened",
        conflictId: payload.conflict_id,
        category: payload.category ?? "scope_overlap",
        severity: payload.severity ?? "medium",
        description: payload.description ?? "",
        intents: intents.map((intent) => intent.id),
        operations: operations.map((operation) => operation.id),
        principals: [...principals],
        reporter: sender.id,
        ...(guessed ? { basis: "uncertain" as const } : {}),
        contentHash,
      },
      ...(guessed ? forReview(state, payload.conflict_id, principals) : []),
    ],
    result: { conflicts: [payload.conflict_id] },
  };
}

/** What nobody is sure of is for a human to look at (SPEC 17.7.1). */
function forReview(state: Readonly<SessionState>, conflictId: ConflictId, principals: ReadonlySet<PrincipalId>): SessionEvent[] {
  const human = availableArbiters(state, { principals: [...principals] }).find(({ type }) => type === "human");
  return human === undefined ? [] : [{ type: "ConflictEscalated", conflictId, to: human.id, reason: "uncertain" }];
}

export function decideAcknowledge(state: Readonly<SessionState>, message: Message<"CONFLICT_ACK">, sender: Participant): Verdict {
  const { conflict_id: id, ack_type } = message.payload;
  const conflict = state.conflicts.get(id);
  if (conflict === undefined) return refuse("conflict/unknown", `there is no conflict ${id}`);
  if (!isOpen(conflict)) return refuse("conflict/ended", `conflict ${id} is ${conflict.state}; nothing is left to acknowledge`);
  if (!conflict.principals.includes(sender.id)) {
    return refuse("conflict/not-party", `conflict ${id} is between ${conflict.principals.join(" and ")}; only they acknowledge it`);
  }

  const ackType = ack_type ?? "seen";
  if (conflict.acknowledgements.get(sender.id) === ackType) return { standing: { revision: conflict.openedAt } };
  const settles = ackType === "seen" || ackType === "accepted";
  const next = settles || conflict.state === "ACKED" ? "ACKED" : "OPEN";
  return { events: [{ type: "ConflictAcknowledged", conflictId: id, principalId: sender.id, ackType, state: next }] };
}
