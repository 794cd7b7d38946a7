/** The events of what somebody means to do: from the announcement to one of its four ends (SPEC 15.6). */
import * as z from "zod";
import { event, ms } from "../event.ts";
import { ClaimId, DeferralId, IntentId, PrincipalId } from "../ids.ts";
import { Scope } from "../mpac/messages.ts";

export const IntentEnd = z.enum(["WITHDRAWN", "EXPIRED", "SUPERSEDED", "TRANSFERRED"]);
export type IntentEnd = z.infer<typeof IntentEnd>;

export const INTENT_EVENTS = [
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
    /** Its owner renews it from now on while there is work. */
    renews: z.boolean().optional(),
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
  event("BackoffStarted", { principalId: PrincipalId, scope: Scope, retryAtMs: ms, times: z.int().min(1) }),
] as const;
