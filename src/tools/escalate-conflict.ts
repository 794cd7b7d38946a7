/** `escalate_conflict`: asks somebody with authority to decide a conflict. */
import * as z from "zod";
import { codeOf, failed, refused } from "./failure.ts";
import { listed, named } from "./quote.ts";
import { partyTo } from "./party-to.ts";
import { defineTool, type Next } from "./tool.ts";

export const escalateConflict = defineTool({
  name: "escalate_conflict",
  title: "Escalate a conflict",
  description: "Asks an arbiter, or whom you name, to decide a conflict that its parties cannot settle. Then only they decide.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    conflict_id: z.string().min(1).max(256),
    reason: z.string().min(1).max(2000).describe("Why you cannot settle it."),
    escalate_to: z.string().min(1).max(256).optional().describe("A principal_id; default: the one arbiter here."),
    context: z.string().max(4000).optional(),
  },
  output: { status: z.enum(["ok", "error"]), conflict_id: z.string() },
  async handler(caller, { conflict_id: conflictId, reason, escalate_to: to, context }) {
    const coordination = await partyTo(caller, conflictId);
    const outcome = await coordination.escalate({
      conflictId,
      reason,
      ...(to === undefined ? {} : { to }),
      ...(context === undefined ? {} : { context }),
    });
    if (!outcome.ok) {
      const candidates = candidatesIn(outcome.rejection.details?.["candidates"]);
      if (candidates.length === 0) return refused(outcome.rejection);
      const message = `${outcome.rejection.message}; who can decide: ${listed(candidates)}`;
      const next: Next[] = candidates.slice(0, 3).map((candidate) => ({
        tool: "escalate_conflict",
        arguments: { conflict_id: conflictId, reason: reason.slice(0, 200), escalate_to: candidate },
        why: `ask ${named(candidate)}`,
      }));
      return failed({ code: codeOf(outcome.rejection.code), message, recoverable: true, next }, { candidates });
    }
    return {
      structured: { status: "ok", conflict_id: conflictId, ...(to === undefined ? {} : { escalate_to: to }) },
      lines: [`ok: conflict ${named(conflictId)} is escalated to ${to === undefined ? "the arbiter" : named(to)}, who decides it.`],
      next: [
        { why: "leave the files in question alone meanwhile" },
        { tool: "who_is_working", arguments: {}, why: "later, to see how it was decided" },
      ],
    };
  },
});

function candidatesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === "string") : [];
}
