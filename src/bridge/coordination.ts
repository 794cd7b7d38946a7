/** The session as the tools see it, spoken to over one session client. */
import type { CommandType, SessionClient } from "../client/session-client.ts";
import type { Outcome as Sent } from "../client/in-flight.ts";
import type { Coordination, Outcome } from "../tools/ports.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Answer, Query } from "../wire/query.ts";
import type { Ack } from "../wire/mpac/extension.ts";

export interface CoordinationOptions {
  readonly client: SessionClient;
  /** The caller's worktree or folder. */
  readonly workspaceDir: string;
  readonly takeNotices: () => readonly string[];
  /** Awaited before anybody is told where they are, and never fails: what an earlier bridge left is put right there. */
  readonly settled: () => Promise<void>;
}

export function createCoordination({ client, workspaceDir, takeNotices, settled }: CoordinationOptions): Coordination {
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
    announce: ({ intentId, objective, files, onOverlap, ttlSec, renews, requestId }) =>
      send(
        "INTENT_ANNOUNCE",
        {
          intent_id: intentId,
          objective,
          scope: { kind: "file_set", resources: files },
          ttl_sec: ttlSec,
          extensions: { signalbox: { on_overlap: onOverlap, request_id: requestId, ...(renews ? { renews } : {}) } },
        },
        ({ fence = 0, conflicts = [], superseded = [] }) => ({ fence, conflicts, superseded }),
      ),
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
