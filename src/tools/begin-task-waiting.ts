/** What `begin_task` does while others hold its files and it was told to wait: a place in the queue, and its answer. */
import type { JsonObject } from "../wire/json.ts";
import type { IntentView, OverlapView } from "../wire/query/views.ts";
import type { Task } from "./begin-task.ts";
import type { Rejection } from "../wire/refusals.ts";
import { codeOf, failed, refused } from "./failure.ts";
import { heldIn, type Holder, holding } from "./holders.ts";
import { namedIn } from "./named-in.ts";
import { isLive, type KnownIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Announced, Coordination, Outcome, Waiting } from "./ports/session.ts";
import { listed, named, quoted } from "./quote.ts";
import { asArguments } from "./scope-input.ts";
import { telling } from "./telling.ts";
import { left, PLACE_SEC, since } from "./times.ts";
import type { Answer, Next } from "./tool.ts";
import { CANCELLED, isCalledOff } from "./untold.ts";

/** Holders that the text names. */
const NAMED_HOLDERS = 4;

/** The same of tasks of the caller's own. */
const NAMED_OWN = 3;

/**
 * Waits for the turn of a task that has a place, and gives what stands at the end of it: what the task began with, its
 * place as it is then, or a refusal. For a call that nobody waits for any more that is its place as it was.
 */
export async function turnOf(
  ctx: ToolContext,
  { intentId, files, waitMs, nowMs }: Task,
  place: Outcome<Announced>,
  askAgain: () => Promise<Outcome<Announced>>,
): Promise<Outcome<Announced>> {
  const { coordination, signal } = ctx;
  const say = async () => {
    const { overlaps } = await coordination.overlap(files);
    return waitingFor(overlaps, nowMs);
  };
  const wait = () => coordination.untilBegun(intentId, { limitMs: waitMs, signal });
  const begun = waitMs > 0 ? await telling(ctx, { limitMs: waitMs, say }, wait) : undefined;
  if (isCalledOff(ctx)) return place;
  if (begun !== undefined) return { ok: true, result: begun };
  return waitMs > 0 ? askAgain() : place;
}

/** Who is in the way now: `waiting: bo holds src/a.ts since 14:03Z (for 4 min), 56 min left`. */
function waitingFor(overlaps: readonly OverlapView[], nowMs: number): string {
  const holders = overlaps
    .filter(({ kind }) => kind === "scope")
    .slice(0, NAMED_HOLDERS)
    .map(({ principal_id, paths, announced_at, expires_at }) => {
      return `${named(principal_id)} holds ${listed(paths, 3)} ${since(announced_at, nowMs)}, ${left(expires_at, nowMs)}`;
    });
  return holders.length === 0 ? "waiting: nobody holds these files now, others come first" : `waiting: ${holders.join("; ")}`;
}

/** What `begin_task` calls its tasks, and so its tickets. */
const OWN_TICKET = /^intent-[\da-f]{1,64}$/;

/** Why the ticket is refused at once: the session would take any id that is free, for everybody. */
export function inventedTicket(ticket: string, asked: Asked): Answer | undefined {
  if (OWN_TICKET.test(ticket)) return undefined;
  const message = `${quoted(ticket, 60)} is no ticket of begin_task: pass the one of its answer "waiting" as it is, or none`;
  return failed(
    {
      code: codeOf("message/malformed"),
      message,
      recoverable: true,
      next: [{ tool: "begin_task", ...anew(asked), why: "without the ticket" }],
    },
    { errors: [message] },
  );
}

type Asked = Pick<Task, "objective" | "files" | "agent">;

/** A sub-agent is named with each call of its: without that the call is its host's. */
export function byAgent({ agent }: Pick<Asked, "agent">): { readonly agent?: string } {
  return agent === undefined ? {} : { agent };
}

/** Arguments of the same call anew, without the ticket or with it. */
function anew(asked: Asked, ticket?: string): Pick<Next, "arguments"> {
  const named = asArguments(asked.files).files;
  if (named === undefined) return {};
  const again = { objective: asked.objective.slice(0, 200), files: named, ...byAgent(asked) };
  return { arguments: ticket === undefined ? again : { ...again, ticket } };
}

/** The session knows the ticket for something else: going by it would tell the caller that it holds what it does not. */
export async function foreignTicket(coordination: Coordination, task: Task, rejection: Rejection): Promise<Answer> {
  const { intentId, principalId } = task;
  const standing = await coordination.intent(intentId);
  const hasEnded = standing?.principal_id === principalId && !isLive(standing);
  const message = hasEnded
    ? `the task of ticket ${intentId} ${endOf(standing)}; you hold nothing by it`
    : `ticket ${intentId} is not for these files: its task is over others, or is somebody else's`;
  const again: Next = { tool: "begin_task", ...anew(task), why: "without the ticket" };
  const yields: Next = { tool: "yield_task", arguments: { intent_id: intentId }, why: "if you need its task or place no more" };
  const code = hasEnded ? "intent/ended" : rejection.code;
  return refused({ code, message }, { errors: [message], next: hasEnded ? [again] : [again, yields] });
}

function endOf({ state, end_reason }: KnownIntent): string {
  return end_reason === CANCELLED
    ? "was given up when it began, because the last call for it had been cancelled and no other came"
    : `has ended (${state})`;
}

/** Own tasks that hold some of the files while another waits for all of them. */
export async function ownOver(coordination: Coordination, { files, principalId }: Task): Promise<readonly IntentView[]> {
  const { active_intents } = await coordination.summary({ paths: files, limit: 100 });
  return active_intents.filter((intent) => intent.principal_id === principalId && intent.state === "ACTIVE");
}

/** What stands in the result of a call that others are in the way of, whatever becomes of it. */
export function notBegun({ principalId, objective, files }: Task, holders: readonly Holder[]): Answer["structured"] {
  return {
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
  };
}

/** @param own - tasks of the caller's that it is to replace */
export function waiting(task: Task, { ahead, holders: held }: Waiting, own: readonly Pick<IntentView, "intent_id" | "scope">[]): Answer {
  const { intentId, nowMs } = task;
  const { holders } = heldIn({ code: "intent/held", message: "", details: { overlaps: held as JsonObject[], total: held.length } });
  const before = ahead === 0 ? "you are next" : `${ahead} ${ahead === 1 ? "waits" : "wait"} before you`;
  const mutual: Next[] = holders.some((holder) => holder.waits_for_you === true)
    ? [{ tool: "yield_task", why: "for the task of yours that they wait for: as it is you wait for each other" }]
    : [];
  return {
    structured: { status: "waiting", ticket: intentId, ...notBegun(task, holders), ahead },
    lines: [
      `waiting: ${heldStill(own)}; ${before}. Do not edit ${own.length === 0 ? "them" : "the others"}.`,
      `The task begins by itself when they are free${replacing(own)}, and your next result says so. Your place is kept for ${PLACE_SEC} s, and with each call with the ticket for as long again.`,
      ...holders.slice(0, NAMED_HOLDERS).map((holder) => `- ${holding(holder, nowMs)}`),
    ],
    next: [
      ...mutual,
      { tool: "begin_task", ...anew(task, intentId), why: `the same with ticket ${intentId}, to go on waiting` },
      { why: "other work meanwhile" },
      { tool: "yield_task", arguments: { intent_id: intentId }, why: "to give up your place" },
    ],
  };
}

function heldStill(own: readonly Pick<IntentView, "intent_id" | "scope">[]): string {
  if (own.length === 0) return "you hold none of these files yet";
  const tasks = own.slice(0, NAMED_OWN).map(({ intent_id, scope }) => `${named(intent_id)} covers (${listed(namedIn(scope), 3)})`);
  return `of these files you hold only what ${tasks.join(" and ")}`;
}

function replacing(own: readonly Pick<IntentView, "intent_id">[]): string {
  if (own.length === 0) return "";
  return `, in place of ${listed(
    own.map(({ intent_id }) => intent_id),
    NAMED_OWN,
  )}`;
}
