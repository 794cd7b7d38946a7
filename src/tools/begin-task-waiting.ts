/** What `begin_task` does while others hold its files and it was told to wait: a place in the queue, and its answer. */
import type { JsonObject } from "../wire/json.ts";
import type { Task } from "./begin-task.ts";
import { heldIn, holding } from "./holders.ts";
import type { Announced, Coordination, ToolContext, Waiting } from "./ports.ts";
import { asArguments } from "./scope-input.ts";
import type { Answer } from "./tool.ts";

/** Holders that the text names. */
const NAMED_HOLDERS = 4;

/** A waiting task may begin between two calls: then there is nothing to ask for again. */
export async function begunWhileAway(coordination: Coordination, { intentId, principalId }: Task): Promise<Announced | undefined> {
  const intent = await coordination.intent(intentId);
  const isMine = intent !== null && intent.principal_id === principalId && intent.state === "ACTIVE";
  return isMine ? { fence: intent.fence, conflicts: [], superseded: [] } : undefined;
}

/**
 * Waits for the turn. Nothing when it came: the task has begun; else the answer that says so. A call that nobody waits
 * for any more gives up its place, and its task if that began in the same moment.
 */
export async function waitForTurn(ctx: ToolContext, task: Task, place: Waiting): Promise<Answer | undefined> {
  const { coordination, signal } = ctx;
  const { intentId, waitMs } = task;
  if (waitMs > 0) await coordination.untilBegun(intentId, { limitMs: waitMs, signal });
  if (signal?.aborted === true) {
    await coordination.withdraw(intentId, "cancelled");
    return waiting(task, place);
  }
  const intent = await coordination.intent(intentId);
  return intent?.state === "ACTIVE" ? undefined : waiting(task, place);
}

function waiting({ intentId, principalId, objective, files, nowMs }: Task, { ahead, holders: held }: Waiting): Answer {
  const { holders } = heldIn({ code: "intent/held", message: "", details: { overlaps: held as JsonObject[], total: held.length } });
  const before = ahead === 0 ? "you are next" : `${ahead} ${ahead === 1 ? "waits" : "wait"} before you`;
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
