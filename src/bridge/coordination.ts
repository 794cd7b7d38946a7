/** The session as the tools see it, spoken to over one session client. */
import type { CommandType, SessionClient } from "../client/session-client.ts";
import type { Outcome as Sent } from "../client/in-flight.ts";
import type { Announced, Claim, ClaimDecision, Coordination, Outcome, Wait, Waiting } from "../tools/ports.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Answer, Query } from "../wire/query.ts";
import { AckExtension, type InboundEnvelope } from "../wire/mpac/coordinator.ts";
import type { Ack, WaitingAck } from "../wire/mpac/extension.ts";
import type { Hearing } from "./hearing.ts";

/** Life of a task that was taken over, in seconds; it is renewed while there is work, as others are. */
const TAKEN_OVER_TTL_SEC = 900;

/** How long a claim that nobody decided in time is listened for, in milliseconds: a person may approve it hours later. */
const LATE_WORD_MS = 86_400_000;

export interface CoordinationOptions {
  readonly client: SessionClient;
  readonly hearing: Hearing;
  /** The caller's worktree or folder. */
  readonly workspaceDir: string;
  readonly takeNotices: () => readonly string[];
  /** Awaited before anybody is told where they are, and never fails: what an earlier bridge left is put right there. */
  readonly settled: () => Promise<void>;
}

export function createCoordination({ client, hearing, workspaceDir, takeNotices, settled }: CoordinationOptions): Coordination {
  async function send<Result>(type: CommandType, payload: JsonObject, resultOf: (ack: Ack) => Result): Promise<Outcome<Result>> {
    const sent: Sent = await client.send(type, payload);
    return sent.ok ? { ok: true, result: resultOf(sent.ack) } : { ok: false, rejection: sent.rejection };
  }

  async function ask<Kind extends Query["kind"]>(query: Extract<Query, { kind: Kind }>): Promise<Extract<Answer, { kind: Kind }>> {
    const answer = await client.query(query);
    if (answer.kind !== query.kind) throw new Error(`the question for ${query.kind} was answered with ${answer.kind}`);
    return answer as Extract<Answer, { kind: Kind }>;
  }

  const nothing = (): undefined => undefined;

  /** What was taken over lives on like a task of one's own. */
  async function adopt(intentId: string): Promise<void> {
    const { intent } = await ask<"intent">({ kind: "intent", intent_id: intentId });
    if (intent === null) return;
    const { objective, fence, scope } = intent;
    client.adopt({ intentId, objective, fence, files: scope.resources ?? [], ttlSec: TAKEN_OVER_TTL_SEC, renews: true });
    await client.send("INTENT_UPDATE", { intent_id: intentId, ttl_sec: TAKEN_OVER_TTL_SEC });
  }

  return {
    async membership() {
      const { sessionId, uri } = await client.join();
      await settled();
      return { workspaceDir, sessionId, sidecarUri: uri, principalId: client.principalId, takeNotices };
    },
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
    announce: ({ intentId, objective, files, onOverlap, ttlSec, renews, requestId, priority, symbols, placeSec }) =>
      send(
        "INTENT_ANNOUNCE",
        {
          intent_id: intentId,
          objective,
          scope: {
            kind: "file_set",
            resources: files,
            ...(symbols === undefined ? {} : { extensions: { signalbox: { symbols } } }),
          },
          ttl_sec: ttlSec,
          ...(priority === undefined ? {} : { priority }),
          extensions: {
            signalbox: {
              on_overlap: onOverlap,
              request_id: requestId,
              ...(renews ? { renews } : {}),
              ...(onOverlap === "wait" && placeSec !== undefined ? { wait_sec: placeSec } : {}),
            },
          },
        },
        ({ fence = 0, conflicts = [], superseded = [], frozen, waiting }) => ({
          fence,
          conflicts,
          superseded,
          ...(frozen === undefined ? {} : { frozen }),
          ...(waiting === undefined ? {} : { waiting: waitingIn(waiting) }),
        }),
      ),
    async untilBegun(intentId, wait) {
      const begun = await hearing.until(
        (heard) => (client.intents.has(intentId) ? { announced: announcedIn(intentId, heard) } : undefined),
        wait,
      );
      return begun?.announced;
    },
    escalate: ({ conflictId, to, reason, context }) =>
      send(
        "CONFLICT_ESCALATE",
        {
          conflict_id: conflictId,
          reason,
          ...(to === undefined ? {} : { escalate_to: to }),
          ...(context === undefined ? {} : { context }),
        },
        nothing,
      ),
    resolve: ({ conflictId, decision, rationale, outcome }) =>
      send(
        "RESOLUTION",
        { conflict_id: conflictId, decision, rationale, ...(outcome === undefined ? {} : { outcome: withoutHoles(outcome) }) },
        nothing,
      ),
    async claim(asked, wait) {
      const takeUp = async (said: ClaimDecision | undefined): Promise<void> => {
        if (said?.decision === "approved") await adopt(asked.newIntentId);
      };
      // Who was cut off when the word was given finds the task among its own.
      const missed = (): ClaimDecision | undefined => (client.intents.has(asked.newIntentId) ? { decision: "approved" } : undefined);
      const wordWithin = (within: Wait) =>
        hearing.until((heard) => (heard === undefined ? missed() : wordOn(asked.claimId, heard)), within);
      const word = wordWithin(wait);
      const sent = await send("INTENT_CLAIM", claimPayload(asked), nothing);
      if (!sent.ok) return sent;
      const decided = await word;
      if (decided === undefined) void wordWithin({ limitMs: LATE_WORD_MS }).then(takeUp).catch(nothing);
      else await takeUp(decided);
      return { ok: true, result: decided };
    },
    withdraw: (intentId, reason) => send("INTENT_WITHDRAW", { intent_id: intentId, reason }, nothing),
    commit({ opId, intentId, fence, target, opKind, stateRefBefore, stateRefAfter, observed }) {
      const payload = {
        op_id: opId,
        intent_id: intentId,
        target,
        op_kind: opKind,
        state_ref_before: stateRefBefore,
        state_ref_after: stateRefAfter,
        extensions: { signalbox: { observed, fence } },
      };
      return send("OP_COMMIT", payload, nothing);
    },
    supersede: ({ opId, supersedesOpId, target, intentId, stateRefAfter, reason }) =>
      send(
        "OP_SUPERSEDE",
        { op_id: opId, supersedes_op_id: supersedesOpId, target, intent_id: intentId, state_ref_after: stateRefAfter, reason },
        nothing,
      ),
    acknowledge: (conflictId, ackType) => send("CONFLICT_ACK", { conflict_id: conflictId, ack_type: ackType }, nothing),
  };
}

function claimPayload(asked: Claim): JsonObject {
  const { claimId, originalIntentId, originalPrincipalId, newIntentId, objective, files, justification } = asked;
  return {
    claim_id: claimId,
    original_intent_id: originalIntentId,
    new_intent_id: newIntentId,
    objective,
    ...(originalPrincipalId === undefined ? {} : { original_principal_id: originalPrincipalId }),
    ...(files === undefined ? {} : { scope: { kind: "file_set", resources: files } }),
    ...(justification === undefined ? {} : { justification }),
  };
}

/** What the intent began with, when this is the coordinator's word that it did. */
function announcedIn(intentId: string, heard: InboundEnvelope | undefined): Announced | undefined {
  if (heard?.message_type !== "INTENT_ANNOUNCE" || heard.payload["intent_id"] !== intentId) return undefined;
  const { ack } = AckExtension.safeParse(heard.payload.extensions?.signalbox).data ?? {};
  return ack?.fence === undefined ? undefined : { fence: ack.fence, conflicts: ack.conflicts ?? [], superseded: ack.superseded ?? [] };
}

const DECISIONS = ["approved", "rejected", "withdrawn"] as const;

/** The coordinator's word on the claim, when this is it. */
function wordOn(claimId: string, heard: InboundEnvelope | undefined): ClaimDecision | undefined {
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

function waitingIn({ deferral_id: deferralId, ahead = 0, holders = [] }: WaitingAck): Waiting {
  return { deferralId, ahead, holders };
}

function withoutHoles(members: { readonly [name: string]: readonly string[] | string | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined));
}
