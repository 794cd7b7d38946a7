/** The events of who takes part: joined, heard, left or silent, and on which model (SPEC 14). */
import * as z from "zod";
import { event, ms } from "../event.ts";
import { PrincipalId } from "../ids.ts";
import { Host, Worktree } from "../mpac/extension.ts";

export const PARTICIPANT_EVENTS = [
  event("ParticipantJoined", {
    principalId: PrincipalId,
    principalType: z.string(),
    instanceId: z.string(),
    displayName: z.string(),
    roles: z.array(z.string()),
    worktree: Worktree.optional(),
    host: Host.optional(),
    /** Whether it speaks our extension. */
    extended: z.boolean(),
    /** Whose credential it brought, where one is wanted; never the credential. */
    identity: z.looseObject({ method: z.string(), issuer: z.string(), fingerprint: z.string() }).optional(),
  }),
  event("ParticipantStatus", {
    principalId: PrincipalId,
    status: z.string(),
    summary: z.string().optional(),
    activeIntentId: z.string().optional(),
    branch: z.string().optional(),
    head: z.string().optional(),
    /** Nobody is there who could take its turn: what it waits for does not begin before it is heard again. */
    away: z.literal(true).optional(),
  }),
  /** A participant told of the model it stands on (SPEC 14.3.1); `action` is what the session's policy makes of it. */
  event("BackendReported", {
    principalId: PrincipalId,
    modelId: z.string(),
    status: z.string(),
    detail: z.string().optional(),
    alternatives: z.array(z.json()).optional(),
    switchedFrom: z.string().optional(),
    action: z.enum(["none", "warn", "suspend"]),
    /** What everybody was alerted of before is over. */
    recovered: z.literal(true).optional(),
  }),
  event("ParticipantLeft", { principalId: PrincipalId, reason: z.string() }),
  event("ParticipantLapsed", { principalId: PrincipalId, lastHeardAtMs: ms }),
] as const;
