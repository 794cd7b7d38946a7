/**
 * `escalate_conflict`: asks somebody with authority to decide a conflict; first the person at the host, where that one can be
 * asked and the call names nobody.
 */
import * as z from "zod";
import { choicesOf, disputeQuestion, readDispute } from "./dispute.ts";
import { bringBefore } from "./escalation.ts";
import { clientRequestId, repeatable, requestOf } from "./once.ts";
import { named } from "./quote.ts";
import { partyTo } from "./party-to.ts";
import { changedMeanwhile, chosenIn, textIn, undecided, UNDONE } from "./replies.ts";
import { settle } from "./settling.ts";
import { defineTool } from "./tool.ts";
import { calledOff, isCalledOff } from "./untold.ts";

export const escalateConflict = defineTool({
  name: "escalate_conflict",
  title: "Escalate a conflict",
  description:
    "Asks your user where the host can ask, else an arbiter, or whom you name, to decide a conflict that its parties cannot settle. Then only they decide.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    conflict_id: z.string().min(1).max(256),
    reason: z.string().min(1).max(2000).describe("Why you cannot settle it."),
    escalate_to: z.string().min(1).max(256).optional().describe("A principal_id; default: your user, or the one arbiter here."),
    context: z.string().max(4000).optional(),
    client_request_id: clientRequestId(),
  },
  output: { status: z.enum(["ok", ...UNDONE, "error"]), conflict_id: z.string() },
  async handler(ctx, { conflict_id: conflictId, reason, escalate_to: to, context, client_request_id: requestId }) {
    const { person } = ctx;
    const coordination = await partyTo(ctx, conflictId);
    const request = await requestOf(coordination, "escalate_conflict", requestId);
    const asks = to === undefined && (person?.reply !== undefined || person?.canBeAsked === true);
    const dispute = asks ? await readDispute(ctx, coordination, conflictId) : undefined;
    const common = { conflict_id: conflictId };
    const reply = asks ? person?.reply : undefined;
    if (reply !== undefined) {
      const asked = { tool: "escalate_conflict", subject: `conflict ${named(conflictId)}`, structured: common };
      if (isCalledOff(ctx)) return calledOff();
      const undone = undecided(reply, asked);
      if (undone !== undefined) return undone;
      if (dispute === undefined || dispute.stamp !== reply.state?.["stamp"]) return changedMeanwhile(asked);
      const chosen = chosenIn(reply, choicesOf(dispute), asked);
      if ("answer" in chosen) return chosen.answer;
      return settle(ctx, { coordination, dispute, request, reason, context, note: textIn(reply, "note") }, chosen.choice);
    }
    if (dispute !== undefined) {
      const lines = [`Your user is asked about conflict ${named(conflictId)}.`];
      return { structured: { status: "cancelled", ...common }, lines, next: [{ why: "wait" }], asks: disputeQuestion(dispute, reason) };
    }
    const once = repeatable(ctx, request);
    return bringBefore(coordination, {
      conflictId,
      reason,
      ...(to === undefined ? {} : { to }),
      ...(context === undefined ? {} : { context }),
      ...once,
    });
  },
});
