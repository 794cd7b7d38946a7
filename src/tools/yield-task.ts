/** `yield_task`: gives up what an own intent holds. */
import * as z from "zod";
import { codeOf, refused } from "./failure.ts";
import type { ToolContext } from "./ports.ts";
import type { Coordination, Repeatable } from "./ports/session.ts";
import { clientRequestId, repeatable, requestOf } from "./once.ts";
import { readOwnIntent } from "./own-intent.ts";
import { listed } from "./quote.ts";
import { defineTool, type Answer, type Next } from "./tool.ts";

export const yieldTask = defineTool({
  name: "yield_task",
  title: "Yield a task",
  description:
    "Call when you are done or give up: others may change the files of this task from then on. Only your own tasks; twice is fine.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    intent_id: z.string().min(1).max(256).describe("From begin_task."),
    reason: z.string().min(1).max(500).default("yielded"),
    client_request_id: clientRequestId(),
  },
  output: { status: z.enum(["ok", "error"]), intent_id: z.string() },
  async handler(ctx, args) {
    const coordination = await ctx.agents.holding(args.intent_id);
    const request = await requestOf(coordination, "yield_task", args.client_request_id);
    const once = repeatable(ctx, request);
    const own = await readOwnIntent(coordination, args.intent_id);
    if ("answer" in own) return (await givenUpPlace(ctx, coordination, args, once, own.answer)) ?? own.answer;
    const { intent } = own;
    // With an id of its own it is the session that says whether this call is the one that ended it.
    if (!own.live && request === undefined) return alreadyEnded(args.intent_id, intent.state);

    const outcome = await coordination.withdraw(args.intent_id, args.reason, once);
    if (outcome.ok) return yielded(args.intent_id, `others may change ${listed(intent.scope.resources ?? [])} now`);
    if (outcome.rejection.code === "intent/ended") return alreadyEnded(args.intent_id, own.live ? "ended" : intent.state);
    return refused(outcome.rejection);
  },
});

/** A task that waits for its turn is no intent yet: by its ticket its place is given up. */
async function givenUpPlace(
  { agents }: Pick<ToolContext, "agents">,
  coordination: Coordination,
  { intent_id: ticket, reason }: { readonly intent_id: string; readonly reason: string },
  once: Repeatable,
  unknown: Answer,
): Promise<Answer | undefined> {
  if (unknown.structured["code"] !== codeOf("intent/unknown")) return undefined;
  const outcome = await coordination.withdraw(ticket, reason, once);
  // Of a place nobody knows whose it is before it is asked for: perhaps a sub-agent's.
  const owner = outcome.ok ? undefined : outcome.rejection.details?.["principal_id"];
  const agent = typeof owner === "string" ? await agents.named(owner) : undefined;
  const last = agent === undefined ? outcome : await agent.withdraw(ticket, reason, once);
  return last.ok ? yielded(ticket, "what waited under it, its place in the queue or its claim, is given up") : undefined;
}

const BEGIN: readonly Next[] = [{ tool: "begin_task", why: "before you edit again" }];

function yielded(intentId: string, sentence: string): Answer {
  return { structured: { status: "ok", intent_id: intentId }, lines: [`ok: ${intentId} is yielded; ${sentence}.`], next: BEGIN };
}

function alreadyEnded(intentId: string, state: string): Answer {
  const lines = [`ok: ${intentId} had ended before (${state}); it holds nothing.`];
  return { structured: { status: "ok", intent_id: intentId }, lines, next: BEGIN };
}
