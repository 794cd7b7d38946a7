/** The events of the session as a whole: opened, resumed after a gap, closed, what it forgets, and how every record ends. */
import * as z from "zod";
import { event, ms } from "../event.ts";
import { BatchId, ClaimId, ConflictId, IntentId, OpId, PrincipalId, SessionId } from "../ids.ts";
import { SessionSettings } from "./settings.ts";

export const LIFECYCLE_EVENTS = [
  /** A process opened the stream: the epoch rises, and with the first one the session begins. */
  event("Opened", { sessionId: SessionId, epoch: z.int().min(1), settings: SessionSettings }),
  /** Nobody was heard between the two instants because the machine slept or the process was away. */
  event("Resumed", { fromMs: ms, untilMs: ms }),
  /** The session's own end (SPEC 9.6.1): nothing but GOODBYE is taken afterwards. */
  event("SessionClosed", { reason: z.string(), dueAtMs: ms.optional() }),
  /** What ended long enough ago has left the state. */
  event("Forgotten", {
    intents: z.array(IntentId),
    operations: z.array(OpId),
    conflicts: z.array(ConflictId),
    principals: z.array(PrincipalId),
    claims: z.array(ClaimId).optional(),
    batches: z.array(BatchId).optional(),
    /** Whose scopes to keep away from are long past. */
    backoffs: z.array(PrincipalId).optional(),
  }),
  /** The last event of every record: its Lamport value, and what a repeat of the request is answered with. */
  event("Settled", {
    lamport: z.int(),
    principal: PrincipalId.optional(),
    requestId: z.string().optional(),
    /** Of the message, where replays are kept out. */
    messageId: z.string().optional(),
    contentHash: z.string().optional(),
    result: z.looseObject({}).optional(),
    /** Conflicts whose freeze is over by this record, while they stay open. */
    thawed: z.array(ConflictId).optional(),
  }),
] as const;
