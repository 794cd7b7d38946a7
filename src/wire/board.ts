/**
 * The board of a session: what is asked of its lanes and its blackboard, and the events that its log holds. Forever: a
 * released event is never edited, only joined by new ones.
 */
import * as z from "zod";
import { event, ms } from "./event.ts";
import { SessionId } from "./ids.ts";

/** Longest name of a lane, an owner, a sender or a topic, in UTF-16 units. */
export const MAX_NAME_LENGTH = 256;

/** Longest text of a message, in bytes of UTF-8. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Longest lease, in milliseconds. */
export const MAX_LEASE_MS = 7 * 24 * 60 * 60 * 1000;

/** How long a claim may wait in one call, and how long its place is kept for the next one, in milliseconds. */
export const MAX_WAIT_MS = 50_000;
export const PLACE_MS = 120_000;

/**
 * Who stands behind an owner's or a sender's name: a principal of the session, by the word of this machine's own bridge, or
 * whoever holds a token. Nobody where a name is only asserted.
 */
const Proof = z.object({ principal: z.string(), by: z.enum(["bridge", "token"]) });
export type Proof = z.infer<typeof Proof>;

/** Who holds a lane, waits for one or has written: the same name without proof is somebody else. */
export interface Author {
  readonly owner: string;
  readonly proof?: Proof | undefined;
}

const name = () => z.string().min(1);
const author = { owner: name(), proof: Proof.optional() };

export const BoardEvent = z.discriminatedUnion("type", [
  /** A process opened the stream: the epoch rises, and with it every fencing token that is given from here on. */
  event("Opened", { sessionId: SessionId, epoch: z.int().min(1) }),
  event("LaneClaimed", {
    lane: name(),
    ...author,
    fence: z.int(),
    leaseMs: ms,
    expiresAtMs: ms,
    /** Whose claim on it had expired. */
    stolenFrom: name().optional(),
    /** The place in the row that had its turn. */
    ticket: z.string().optional(),
  }),
  event("LaneRenewed", { lane: name(), leaseMs: ms, expiresAtMs: ms }),
  event("LaneReleased", { lane: name() }),
  /** Its lease ended; the claim stays to be seen until somebody takes the lane or it is forgotten. */
  event("LaneExpired", { lane: name(), dueAtMs: ms }),
  event("LaneForgotten", { lane: name() }),
  /** Somebody waits, or goes on waiting: its place is kept until then. */
  event("ClaimWaiting", {
    ticket: z.string(),
    lane: name(),
    ...author,
    leaseMs: ms,
    priority: z.string(),
    keptUntilMs: ms,
  }),
  event("PlaceGivenUp", { ticket: z.string(), reason: z.enum(["expired", "released"]) }),
  event("MessagePosted", {
    messageId: z.string(),
    topic: name(),
    sender: name(),
    proof: Proof.optional(),
    body: z.string(),
    actionFlag: z.boolean(),
  }),
  event("MessageAcknowledged", { messageId: z.string(), by: name() }),
  /** The last event of every record: what a repeat of the request is answered with. */
  event("Settled", {
    /** The author of the request and its id. */
    request: z.string().optional(),
    contentHash: z.string().optional(),
    result: z.looseObject({}).optional(),
  }),
]);
export type BoardEvent = z.infer<typeof BoardEvent>;
export type BoardEventOf<Type extends BoardEvent["type"]> = Extract<BoardEvent, { type: Type }>;

interface Asked {
  /** Under which a repeat gets the first answer again. */
  readonly requestId?: string | undefined;
}

export interface ClaimLane extends Author, Asked {
  readonly type: "ClaimLane";
  readonly lane: string;
  readonly leaseMs: number;
  /** Whether it takes a place in the row where the lane is held. */
  readonly wait?: { readonly ticket?: string | undefined; readonly priority?: string | undefined } | undefined;
}

export interface RenewLane extends Author, Asked {
  readonly type: "RenewLane";
  readonly lane: string;
  readonly leaseMs: number;
}

export interface ReleaseLane extends Author, Asked {
  readonly type: "ReleaseLane";
  readonly lane: string;
  /** Gives up a place in the row, and no lane that is held. */
  readonly placeOnly?: boolean | undefined;
}

export interface PostMessage extends Asked {
  readonly type: "PostMessage";
  readonly topic: string;
  readonly sender: string;
  readonly proof?: Proof | undefined;
  readonly body: string;
  readonly actionFlag: boolean;
}

/** A person's word: the flag of a message has been seen to. */
export interface AcknowledgeMessage extends Asked {
  readonly type: "AcknowledgeMessage";
  readonly messageId: string;
  readonly by: string;
}

export type BoardCommand = ClaimLane | RenewLane | ReleaseLane | PostMessage | AcknowledgeMessage;

/** What an accepted command gives its sender. */
export type BoardResult =
  | { readonly lane: { readonly fence: number; readonly leaseMs: number; readonly expiresAtMs: number } }
  | {
      readonly waiting: {
        readonly ticket: string;
        readonly ahead: number;
        readonly holder: string;
        readonly expiresAtMs: number;
        readonly keptUntilMs: number;
      };
    }
  | { readonly message: { readonly id: string; readonly postedAtMs: number } }
  | { readonly released: true }
  | { readonly acknowledged: { readonly by: string; readonly atMs: number } };
