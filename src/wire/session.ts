/**
 * The events of a session: what its log says happened. Forever: a released event is never edited, only joined by new ones.
 *
 * An event holds what the state needs. What only people or peers read (assumptions, summaries of operations) stays in the
 * command of the same record, which the record keeps as it was received.
 */
import * as z from "zod";
import { CLAIM_EVENTS } from "./session/claims.ts";
import { CONFLICT_EVENTS } from "./session/conflicts.ts";
import { DEFERRAL_EVENTS } from "./session/deferrals.ts";
import { INTENT_EVENTS } from "./session/intents.ts";
import { LIFECYCLE_EVENTS } from "./session/lifecycle.ts";
import { OPERATION_EVENTS } from "./session/operations.ts";
import { PARTICIPANT_EVENTS } from "./session/participants.ts";

export const SessionEvent = z.discriminatedUnion("type", [
  ...LIFECYCLE_EVENTS,
  ...PARTICIPANT_EVENTS,
  ...INTENT_EVENTS,
  ...DEFERRAL_EVENTS,
  ...CLAIM_EVENTS,
  ...CONFLICT_EVENTS,
  ...OPERATION_EVENTS,
]);
export type SessionEvent = z.infer<typeof SessionEvent>;
export type SessionEventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;
