/** The events of whoever waits for others to be done, announcements that begin by themselves among them (SPEC 15.5.1). */
import * as z from "zod";
import { event, ms } from "../event.ts";
import { DeferralId, IntentId, PrincipalId } from "../ids.ts";
import { Scope } from "../mpac/messages.ts";

export const DEFERRAL_EVENTS = [
  event("IntentDeferred", {
    deferralId: DeferralId,
    principalId: PrincipalId,
    scope: Scope,
    category: z.string(),
    reason: z.string().optional(),
    observedIntents: z.array(z.string()),
    observedPrincipals: z.array(z.string()),
    expiresAtMs: ms,
    /** An announcement that begins by itself once nobody is in its way (`on_overlap: "wait"`). */
    waiting: z
      .looseObject({
        intentId: IntentId,
        objective: z.string(),
        ttlSec: z.number(),
        priority: z.string(),
        renews: z.boolean().optional(),
        contentHash: z.string(),
      })
      .optional(),
  }),
  event("DeferralEnded", {
    deferralId: DeferralId,
    principalId: PrincipalId,
    status: z.enum(["resolved", "expired"]),
    reason: z.string(),
    dueAtMs: ms.optional(),
  }),
] as const;
