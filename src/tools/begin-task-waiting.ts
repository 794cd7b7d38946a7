/** What `begin_task` does while others hold its files and it was told to wait: a place in the queue, and its answer. */
import type { JsonObject } from "../wire/json.ts";
import type { Task } from "./begin-task.ts";
import type { Rejection } from "../wire/refusals.ts";
import { codeOf, failed, refused } from "./failure.ts";
import { heldIn, holding } from "./holders.ts";
import type { Announced, Outcome, ToolContext, Waiting } from "./ports.ts";
import { quoted } from "./quote.ts";
import { asArguments } from "./scope-input.ts";
import type { Answer, Next } from "./tool.ts";

/** Holders that the text names. */
const NAMED_HOLDERS = 4;

/**
 * Waits for the turn of a task that has a place, and gives what stands at the end of it: what the task began with, its
 * place as it is then, or a refusal. A call that nobody waits for any more gives up the place, and the task if it began in
 * the same moment.
 */
export async function turnOf(
  { coordination, signal }: ToolContext,
  { intentId, waitMs }: Task,
  place: Outcome<Announced>,
  askAgain: () => Promise<Outcome<Announced>>,
): Promise<Outcome<Announced>> {
  const begun = waitMs > 0 ? await coordination.untilBegun(intentId, { limitMs: waitMs, signal }) : undefined;
  if (signal?.aborted === true) {
    await coordination.withdraw(intentId, "cancelled");
    return place;
  }
  if (begun !== undefined) return { ok: true, result: begun };
  return waitMs > 0 ? askAgain() : place;
}

/** What `begin_task` calls its tasks, and so its tickets. */
const OWN_TICKET = /^intent-[\da-f]{1,64}$/;

/** Why the ticket is refused at once: the session would take any id that is free, for everybody. */
export function inventedTicket(ticket: string, objective: string, files: readonly string[]): Answer | undefined {
  if (OWN_TICKET.test(ticket)) return undefined;
  const message = `${quoted(ticket, 60)} is no ticket of begin_task: pass the one of its answer "waiting" as it is, or none`;
  return failed(
    {
      code: codeOf("message/malformed"),
      message,
      recoverable: true,
      next: [{ tool: "begin_task", ...anew(objective, files), why: "without the ticket" }],
    },
    { errors: [message] },
  );
}

/** Arguments of a call without the ticket. */
function anew(objective: string, files: readonly string[]): Pick<Next, "arguments"> {
  const named = asArguments(files).files;
  return named === undefined ? {} : { arguments: { objective: objective.slice(0, 200), files: named } };
}

/** The session knows the ticket for something else: going by it would tell the caller that it holds what it does not. */
export function foreignTicket({ intentId, objective, files }: Task, rejection: Rejection): Answer {
  const message = `ticket ${intentId} is not for these files: its task is over others, has ended, or is somebody else's`;
  return refused(
    { ...rejection, message },
    {
      errors: [message],
      next: [
        { tool: "begin_task", ...anew(objective, files), why: "without the ticket" },
        { tool: "yield_task", arguments: { intent_id: intentId }, why: "if you need its task or place no more" },
      ],
    },
  );
}

export function waiting({ intentId, principalId, objective, files, nowMs }: Task, { ahead, holders: held }: Waiting): Answer {
  const { holders } = heldIn({ code: "intent/held", message: "", details: { overlaps: held as JsonObject[], total: held.length } });
  const before = ahead === 0 ? "you are next" : `${ahead} ${ahead === 1 ? "waits" : "wait"} before you`;
  const mutual: Next[] = holders.some((holder) => holder.waits_for_you === true)
    ? [{ tool: "yield_task", why: "for the task of yours that they wait for: as it is you wait for each other" }]
    : [];
  const named = asArguments(files).files ?? [];
  const again = named.length === 0 ? undefined : { objective: objective.slice(0, 200), files: named, ticket: intentId };
  return {
    structured: {
      status: "waiting",
      ticket: intentId,
      intent_id: null,
      principal_id: principalId,
      objective,
      files,
      has_conflict: true,
      conflicts: holders,
      errors: [],
      intent: null,
      superseded: [],
      behind: [],
      ahead,
    },
    lines: [
      `waiting: you hold none of these files yet; ${before}. Do not edit them. Your place is kept for 120 s.`,
      ...holders.slice(0, NAMED_HOLDERS).map((holder) => `- ${holding(holder, nowMs)}`),
    ],
    next: [
      ...mutual,
      {
        tool: "begin_task",
        ...(again === undefined ? {} : { arguments: again }),
        why: `the same with ticket ${intentId}, to go on waiting`,
      },
      { why: "other work meanwhile" },
      { tool: "yield_task", arguments: { intent_id: intentId }, why: "to give up your place" },
    ],
  };
}
