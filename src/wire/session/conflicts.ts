/** The events of what stands in whose way: found, acknowledged, escalated, frozen and settled (SPEC 17, 18). */
import * as z from "zod";
import { event, ms } from "../event.ts";
import { ConflictId, IntentId, OpId, PrincipalId } from "../ids.ts";

export const CONFLICT_EVENTS = [
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
] as const;
