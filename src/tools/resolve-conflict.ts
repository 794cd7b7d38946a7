/** `resolve_conflict`: the word of an owner, an arbiter, or whom the conflict was escalated to. */
import * as z from "zod";
import { refused } from "./failure.ts";
import { clientRequestId, repeatable, requestOf } from "./once.ts";
import { named } from "./quote.ts";
import { partyTo } from "./party-to.ts";
import { defineTool, type Next, things } from "./tool.ts";

/** Most ids in each list of an outcome. */
const MAX_IDS = 64;

const ids = () => z.array(z.string().min(1).max(256)).max(MAX_IDS).optional();

export const resolveConflict = defineTool({
  name: "resolve_conflict",
  title: "Resolve a conflict",
  description:
    "Decides a conflict, with the role for it (owner, arbiter, or whom it was escalated to). Rejected tasks end and may not be announced again at once.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  input: {
    conflict_id: z.string().min(1).max(256),
    decision: z.enum(["approved", "rejected", "dismissed", "human_override", "policy_override", "merged"]),
    rationale: z.string().min(1).max(4000),
    outcome: z
      .strictObject({
        accepted: ids(),
        rejected: ids(),
        merged: ids(),
        rollback: z.string().max(256).optional(),
      })
      .optional()
      .describe("intent_ids and op_ids. rollback, when a committed one is rejected: the op_id that undoes it, or not_required."),
    client_request_id: clientRequestId(),
  },
  output: {
    status: z.enum(["ok", "error"]),
    decision: z.string(),
    remaining_conflict: z.boolean(),
    open_conflicts: things(),
    message: z.string(),
  },
  async handler(caller, { conflict_id: conflictId, decision, rationale, outcome, client_request_id: requestId }) {
    const coordination = await partyTo(caller, conflictId);
    const once = repeatable(caller, await requestOf(coordination, "resolve_conflict", requestId));
    const resolved = await coordination.resolve({
      conflictId,
      decision,
      rationale,
      ...(outcome === undefined ? {} : { outcome }),
      ...once,
    });
    if (!resolved.ok) {
      const { code, message, details } = resolved.rejection;
      // What is before somebody, or decided, is brought before nobody else.
      const isNobodys = code === "principal/no-authority" && details?.["escalated_to"] === undefined && details?.["state"] === undefined;
      const ask: Next = { tool: "escalate_conflict", arguments: { conflict_id: conflictId, reason: "…" }, why: "to have it decided" };
      return refused(resolved.rejection, { decision, message, ...(isNobodys ? { next: [ask] } : {}) });
    }

    const { open_conflicts } = await coordination.summary({ limit: 100 });
    const remaining = open_conflicts.some(({ conflict_id }) => conflict_id === conflictId);
    const rejected = outcome?.rejected ?? [];
    const ended = rejected.length === 0 ? "" : `; rejected: ${rejected.slice(0, 5).map(named).join(", ")}`;
    const message = `conflict ${named(conflictId)} is resolved as ${decision}${ended}`;
    return {
      structured: { status: "ok", conflict_id: conflictId, decision, remaining_conflict: remaining, open_conflicts, message },
      lines: [`ok: ${message}.`],
      next: [{ tool: "who_is_working", arguments: {}, why: "see what stands now" }],
    };
  },
});
