/**
 * The session as the tools see it, put into the messages of MPAC and the questions of ours: whoever carries these, over a
 * connection or in process, has the same session.
 */
import type { Answer, IntentAnswer, Query } from "../wire/query.ts";
import type { JsonObject } from "../wire/json.ts";
import { AckExtension } from "../wire/mpac/coordinator.ts";
import type { Ack, WaitingAck } from "../wire/mpac/extension.ts";
import type { CommandType } from "../wire/mpac/messages.ts";
import type { Rejection } from "../wire/refusals.ts";
import type { Heard, Hearing } from "./hearing.ts";
import { createLateWords } from "./late-word.ts";
import type { Notices } from "./notices.ts";
import { isLive } from "./own-intent.ts";
import {
  announcementPayload,
  asRepeatable,
  claimPayload,
  escalationPayload,
  resolutionPayload,
  supersedePayload,
  worktreeCommit,
} from "./payloads.ts";
import type { Announced, ClaimDecision, Commit, Coordination, Membership, Outcome, Wait, Waiting } from "./ports/session.ts";
import { tellingOfTurns } from "./turn-notice.ts";
import { createUnderWay } from "./under-way.ts";

/** Life of a task that was taken over, in seconds; it is renewed while there is work, as others are. */
const TAKEN_OVER_TTL_SEC = 900;

/** A task that became one's own by somebody else's word. */
export interface TakenOver {
  readonly intentId: string;
  readonly objective: string;
  readonly fence: number;
  readonly files: readonly string[];
  readonly ttlSec: number;
  readonly renews: boolean;
}

/** What carries messages and questions of one principal. */
export interface Carrier {
  membership(): Promise<Membership>;
  /** Carries a command out once. */
  send(
    type: CommandType,
    payload: JsonObject,
  ): Promise<{ readonly ok: true; readonly ack: Ack } | { readonly ok: false; readonly rejection: Rejection }>;
  /** Answered behind every command that was sent before. */
  query(query: Query): Promise<Answer>;
  /** What the coordinator says to the principal. */
  readonly hearing: Hearing;
  /** Whether it is a live intent of the principal's, as far as that has been heard. */
  holds(intentId: string): boolean;
  /** Counts an intent as the principal's own. */
  adopt(intent: TakenOver): void;
  /** What a commit says, where it says more or other than a worktree's. */
  readonly commitPayload?: (commit: Commit) => JsonObject;
  /** What the principal is told with a later result; missing where it hears nothing. */
  readonly notices?: Pick<Notices, "expect" | "forget" | "taken">;
  /** Hears why something that the principal sent was refused. */
  readonly onRefused?: (rejection: Rejection) => void;
}

export function createCoordination(carrier: Carrier): Coordination {
  const { notices } = carrier;
  const coordination = spokenOver(carrier);
  if (notices === undefined) return coordination;
  return tellingOfTurns(coordination, { notices, holds: (intentId) => carrier.holds(intentId) });
}

function spokenOver(carrier: Carrier): Coordination {
  const { hearing, notices, commitPayload = worktreeCommit } = carrier;

  async function send<Result>(type: CommandType, payload: JsonObject, resultOf: (ack: Ack) => Result): Promise<Outcome<Result>> {
    const sent = await carrier.send(type, payload);
    if (sent.ok) return { ok: true, result: resultOf(sent.ack) };
    carrier.onRefused?.(sent.rejection);
    return { ok: false, rejection: sent.rejection };
  }

  async function ask<Kind extends Query["kind"]>(query: Extract<Query, { kind: Kind }>): Promise<Extract<Answer, { kind: Kind }>> {
    const answer = await carrier.query(query);
    if (answer.kind !== query.kind) throw new Error(`the question for ${query.kind} was answered with ${answer.kind}`);
    return answer as Extract<Answer, { kind: Kind }>;
  }

  const nothing = (): undefined => undefined;

  /** What was taken over lives on like a task of one's own. */
  async function adopt(intentId: string): Promise<IntentAnswer["intent"]> {
    const { intent } = await ask<"intent">({ kind: "intent", intent_id: intentId });
    if (intent === null || !isLive(intent)) return null; // given up since
    const { objective, fence, scope } = intent;
    carrier.adopt({ intentId, objective, fence, files: scope.resources ?? [], ttlSec: TAKEN_OVER_TTL_SEC, renews: true });
    // That it is renewed is said to the session as well, from which a connection that is made anew learns it: a sidecar of an earlier
    // release does not take it from the claim.
    const extensions = { signalbox: { renews: true } };
    await carrier.send("INTENT_UPDATE", { intent_id: intentId, ttl_sec: TAKEN_OVER_TTL_SEC, extensions });
    return intent;
  }

  /** Claims of which an answer is on its way. */
  const claiming = createUnderWay();
  const hearLate = createLateWords({ adopt, notices, isAsked: (claimId) => claiming.has(claimId) });

  return {
    membership: () => carrier.membership(),
    summary: ({ paths, limit, cursor }) =>
      ask<"summary">({
        kind: "summary",
        ...(paths === undefined ? {} : { paths: [...paths] }),
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    overlap: (paths) => ask<"overlap">({ kind: "overlap", paths: [...paths] }),
    async intent(intentId, target) {
      return (await ask<"intent">({ kind: "intent", intent_id: intentId, ...(target === undefined ? {} : { target }) })).intent;
    },
    async intentBehind(intentId) {
      const { intent, behind = [] } = await ask<"intent">({ kind: "intent", intent_id: intentId, behind: true });
      return { intent, behind };
    },
    behind: async (paths) => (await ask<"behind">({ kind: "behind", paths: [...paths] })).behind,
    announce: (announcement) => send("INTENT_ANNOUNCE", announcementPayload(announcement), announcedBy),
    async untilBegun(intentId, wait) {
      const begun = await hearing.until(
        (heard) => (carrier.holds(intentId) ? { announced: announcedIn(intentId, heard) } : undefined),
        wait,
      );
      return begun?.announced;
    },
    escalate: (escalation) => send("CONFLICT_ESCALATE", escalationPayload(escalation), nothing),
    resolve: (resolution) => send("RESOLUTION", resolutionPayload(resolution), nothing),
    claim: (asked, wait) =>
      claiming.during(asked.claimId, async () => {
        // Who was cut off when the word was given finds the task among its own.
        const missed = (): ClaimDecision | undefined => (carrier.holds(asked.newIntentId) ? { decision: "approved" } : undefined);
        const wordWithin = (within: Wait) =>
          hearing.until((heard) => (heard === undefined ? missed() : wordOn(asked.claimId, heard)), within);
        const word = wordWithin(wait);
        const sent = await send("INTENT_CLAIM", claimPayload(asked), nothing);
        if (!sent.ok) return sent;
        const decided = await word;
        // What nobody waits for any more is for the caller to give up, unless another call of its still waits for it.
        if (wait.signal?.aborted === true) return { ok: true, result: decided };
        notices?.forget(asked.newIntentId); // the answer tells of it
        if (decided === undefined) hearLate(asked, wordWithin);
        else if (decided.decision === "approved") await adopt(asked.newIntentId);
        return { ok: true, result: decided };
      }),
    withdraw: (intentId, reason, repeatable) =>
      send("INTENT_WITHDRAW", { intent_id: intentId, reason, ...asRepeatable(repeatable) }, nothing),
    commit: (commit) => send("OP_COMMIT", commitPayload(commit), nothing),
    supersede: (supersede) => send("OP_SUPERSEDE", supersedePayload(supersede), nothing),
    acknowledge: (conflictId, ackType, repeatable) =>
      send("CONFLICT_ACK", { conflict_id: conflictId, ack_type: ackType, ...asRepeatable(repeatable) }, nothing),
  };
}

/** What the intent began with, when this is the coordinator's word that it did. */
function announcedIn(intentId: string, heard: Heard | undefined): Announced | undefined {
  if (heard?.message_type !== "INTENT_ANNOUNCE" || heard.payload["intent_id"] !== intentId) return undefined;
  const { ack } = AckExtension.safeParse(heard.payload.extensions?.signalbox).data ?? {};
  return ack?.fence === undefined ? undefined : { fence: ack.fence, conflicts: ack.conflicts ?? [], superseded: ack.superseded ?? [] };
}

const DECISIONS = ["approved", "rejected", "withdrawn"] as const;

/** The coordinator's word on the claim, when this is it. */
function wordOn(claimId: string, heard: Heard | undefined): ClaimDecision | undefined {
  if (heard?.message_type !== "INTENT_CLAIM_STATUS" || heard.payload["claim_id"] !== claimId) return undefined;
  const { decision, reason, approved_by: approvedBy } = heard.payload;
  const known = DECISIONS.find((word) => word === decision);
  if (known === undefined) return undefined;
  return {
    decision: known,
    ...(typeof reason === "string" ? { reason } : {}),
    ...(typeof approvedBy === "string" ? { approvedBy } : {}),
  };
}

/** What an announcement comes to, as its acknowledgement says. */
function announcedBy({ fence = 0, conflicts = [], superseded = [], frozen, waiting }: Ack): Announced {
  return {
    fence,
    conflicts,
    superseded,
    ...(frozen === undefined ? {} : { frozen }),
    ...(waiting === undefined ? {} : { waiting: waitingIn(waiting) }),
  };
}

function waitingIn({ deferral_id: deferralId, ahead = 0, holders = [] }: WaitingAck): Waiting {
  return { deferralId, ahead, holders };
}
