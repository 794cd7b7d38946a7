/** `ack_conflict`: says that a conflict was seen, is accepted, or is disputed. */
import * as z from "zod";
import { refused } from "./failure.ts";
import { conflictLine } from "./conflict-line.ts";
import { clientRequestId, repeatable, requestOf } from "./once.ts";
import { named } from "./quote.ts";
import { partyTo } from "./party-to.ts";
import { defineTool, things } from "./tool.ts";

const NAMED_CONFLICTS = 3;

const MEANING = {
  seen: "the others know that you have seen it",
  accepted: "the others know that you will merge with their work",
  disputed: "the others know that you object; it stays until both tasks have ended",
} as const;

export const ackConflict = defineTool({
  name: "ack_conflict",
  title: "Acknowledge a conflict",
  description:
    "Tells the others in a conflict that you have seen it, accept it (both go on and merge) or dispute it. It ends when both tasks have ended.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    conflict_id: z.string().min(1).max(256).describe("From begin_task or who_is_working."),
    ack_type: z.enum(["seen", "accepted", "disputed", "dispute"]).default("seen"),
    client_request_id: clientRequestId(),
  },
  output: { status: z.enum(["ok", "error"]), open_conflicts: things() },
  async handler(caller, args) {
    const ackType = args.ack_type === "dispute" ? "disputed" : args.ack_type;
    const coordination = await partyTo(caller, args.conflict_id);
    const request = await requestOf(coordination, "ack_conflict", args.client_request_id);
    const outcome = await coordination.acknowledge(args.conflict_id, ackType, repeatable(caller, request));
    const ended = !outcome.ok && outcome.rejection.code === "conflict/ended";
    if (!outcome.ok && !ended) return refused(outcome.rejection);

    const { principalId } = await coordination.membership();
    const { open_conflicts, active_intents } = await coordination.summary({ limit: 100 });
    const mine = open_conflicts.filter((conflict) => conflict.principal_a === principalId || conflict.principal_b === principalId);
    const id = named(args.conflict_id);
    const first = ended
      ? `ok: the conflict ${id} has ended; nothing is left to acknowledge.`
      : `ok: conflict ${id} is acknowledged as ${ackType}; ${MEANING[ackType]}.`;
    const rest = mine.length - NAMED_CONFLICTS;
    return {
      structured: { status: "ok", conflict_id: args.conflict_id, ack_type: ackType, open_conflicts },
      lines: [
        first,
        ...mine.slice(0, NAMED_CONFLICTS).map((conflict) => conflictLine(conflict, principalId, active_intents)),
        ...(rest > 0 ? [`You are in ${rest} more open ${rest === 1 ? "conflict" : "conflicts"}.`] : []),
      ],
      next:
        ackType === "disputed" && !ended
          ? [
              { tool: "who_is_working", arguments: {}, why: "see who gives way" },
              { tool: "yield_task", why: "if that is you" },
            ]
          : [{ why: "go on with your task" }, { tool: "yield_task", why: "when you are done" }],
    };
  },
});
