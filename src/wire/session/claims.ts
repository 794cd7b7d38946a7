/** The events of claims on suspended work: asked for once, decided once (SPEC 14.7.4). */
import * as z from "zod";
import { event, ms } from "../event.ts";
import { ClaimId, IntentId, PrincipalId } from "../ids.ts";
import { Scope } from "../mpac/messages.ts";

export const CLAIM_EVENTS = [
  event("ClaimOpened", {
    claimId: ClaimId,
    intentId: IntentId,
    principalId: PrincipalId,
    newIntentId: IntentId,
    objective: z.string(),
    scope: Scope,
    /** Whoever has it then renews it while there is work. */
    renews: z.boolean().optional(),
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
] as const;
