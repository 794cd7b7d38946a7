/** What `begin_task` says without a wait: that the task has begun, that others hold its files, or when to come again. */
import type { Rejection } from "../wire/refusals.ts";
import { behindLines } from "./behind.ts";
import { releasedBy, releasedLine } from "./begin-task-released.ts";
import { byAgent, notBegun } from "./begin-task-waiting.ts";
import type { Task } from "./begin-task.ts";
import { conflictLine } from "./conflict-line.ts";
import { codeOf, failed } from "./failure.ts";
import { heldIn, holding, whose, yieldOfAgent } from "./holders.ts";
import { isLive, type KnownIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Announced } from "./ports/session.ts";
import { listed, quoted, SHOWN_CHARACTERS } from "./quote.ts";
import { asArguments, freeTogether, type ReadScope } from "./scope-input.ts";
import { until } from "./times.ts";
import type { Answer, Next } from "./tool.ts";

/** Holders that the text names; `conflicts` has them all. */
const NAMED_HOLDERS = 4;

/** After a rejection the same files have to wait. */
export function later({ details }: Rejection): readonly Next[] {
  const seconds = details?.["retry_after_sec"];
  return [
    { tool: "begin_task", why: "for other files" },
    { why: `the same call in ${typeof seconds === "number" ? `${Math.ceil(seconds)} s` : "a while"}` },
    { tool: "who_is_working", arguments: {}, why: "see who works on these" },
  ];
}

type Seen = Awaited<ReturnType<ToolContext["coordination"]["intentBehind"]>>;

/** @param seen - its intent and what others wrote, where that was asked for already */
export async function begun(
  ctx: ToolContext,
  task: Task,
  { conflicts, superseded, frozen = [] }: Announced,
  seen: Seen | undefined,
): Promise<Answer> {
  const { coordination } = ctx;
  const isSeen = seen !== undefined && seen.intent !== null;
  const { intent, behind } = isSeen ? seen : await coordination.intentBehind(task.intentId);
  if (intent !== null && !isLive(intent)) return endedSince(task, intent);

  const named = [...task.files, ...(intent?.scope.resources ?? [])];
  const released = await releasedBy(coordination, task.intentId, named, superseded);
  const summary = conflicts.length === 0 ? undefined : await coordination.summary({ paths: task.files, limit: 100 });
  const opened = conflicts.map((id) => summary?.open_conflicts.find((conflict) => conflict.conflict_id === id) ?? { conflict_id: id });
  const lines = [
    `ok: you hold ${listed(task.files)}${intent === null ? "" : ` ${until(intent.expires_at, task.nowMs)}${task.renews ? ", renewed while you work," : ""}`} as ${task.intentId}.`,
    ...(frozen.length === 0
      ? []
      : [`Some of these files are frozen until ${listed(frozen)} is resolved: submit_change is refused there, so do not edit them yet.`]),
    ...(superseded.length === 0 ? [] : [[`It replaces your own earlier ${listed(superseded)}.`, ...releasedLine(released)].join(" ")]),
    ...behindLines(behind, task.nowMs),
    ...opened.slice(0, NAMED_HOLDERS).map((conflict) => conflictLine(conflict, task.principalId, summary?.active_intents ?? [])),
    ...(opened.length > NAMED_HOLDERS ? [`There are ${opened.length - NAMED_HOLDERS} more conflicts in who_is_working.`] : []),
  ];
  const [first] = conflicts;
  const acknowledge: Next[] =
    first === undefined
      ? []
      : [{ tool: "ack_conflict", arguments: { conflict_id: first, ack_type: "accepted" }, why: "to tell them that you will merge" }];
  return {
    structured: {
      status: "ok",
      intent_id: task.intentId,
      principal_id: task.principalId,
      objective: task.objective,
      files: task.files,
      has_conflict: conflicts.length > 0,
      conflicts: opened,
      errors: [],
      intent,
      superseded,
      released_files: released.files,
      behind,
    },
    lines,
    next: [
      ...acknowledge,
      { why: "edit the files" },
      { tool: "submit_change", arguments: { intent_id: task.intentId }, why: "to write one safely, after get_file_state" },
      { tool: "yield_task", arguments: { intent_id: task.intentId }, why: "when you are done" },
    ],
  };
}

function endedSince({ intentId, requestId }: Task, { state, superseded_by }: KnownIntent): Answer {
  const isRepeat = requestId !== undefined;
  const by = superseded_by === undefined ? "" : ` by ${superseded_by}, a later begin_task of yours`;
  const message = isRepeat
    ? `this client_request_id began ${intentId} before, which is ${state} now; you hold nothing by it`
    : `${intentId} was announced and is ${state} already${by}; you hold nothing by ${intentId}`;
  const next: Next[] = isRepeat
    ? [{ tool: "begin_task", why: "with a new client_request_id" }]
    : [
        { tool: "who_is_working", arguments: {}, why: "see what you hold" },
        { tool: "begin_task", why: "with all files that you need in one call" },
      ];
  return failed({ code: codeOf("intent/ended"), message, recoverable: true, next }, { errors: [message] });
}

export function blocked(task: Task, rejection: Rejection, links: ReadScope["links"]): Answer {
  const { nowMs, objective, files } = task;
  const { holders, holderCount, free: unmet, freeCount: unmetCount } = heldIn(rejection);
  const free = freeTogether(unmet, links);
  const freeCount = unmetCount - (unmet.length - free.length);
  const who = holders.length === 0 ? "the holder" : whose(holders);
  const characters = Array.from(objective);
  const short = characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join("")}…` : objective;
  const [all, unheld] = [asArguments(files), asArguments(free)];
  const asked = { objective: short, ...byAgent(task) };
  return {
    structured: {
      status: "blocked",
      ...notBegun(task, holders),
      free_files: free,
      ...(freeCount === free.length ? {} : { free_file_count: freeCount }),
    },
    lines: [
      "blocked: nothing was announced, and you hold nothing by this call. Do not edit what others hold.",
      ...holders.slice(0, NAMED_HOLDERS).map((holder) => `- ${holding(holder, nowMs)}`),
      ...(holderCount > NAMED_HOLDERS ? [`- and ${holderCount - NAMED_HOLDERS} more`] : []),
      ...(holders.length === 0 ? [`- ${quoted(rejection.message, 400)}`] : []),
      ...(free.length === 0 || unheld.files !== undefined ? [] : [`Free of these: ${listed(free, 10, freeCount)}.`]),
    ],
    next: [
      free.length === 0 || unheld.files === undefined
        ? { tool: "begin_task", why: free.length === 0 ? "with other files" : "with the files that are free" }
        : { tool: "begin_task", arguments: { ...asked, ...unheld }, why: "with the files that are free" },
      all.files === undefined
        ? { tool: "check_overlap", why: "with the same files, later" }
        : { tool: "check_overlap", arguments: all, why: "later, to see whether they are free" },
      all.files === undefined
        ? { tool: "begin_task", why: `the same with on_overlap "proceed", only if you agreed with ${who} to merge` }
        : {
            tool: "begin_task",
            arguments: { ...asked, ...all, on_overlap: "proceed" },
            why: `only if you agreed with ${who} to merge`,
          },
      all.files === undefined
        ? { tool: "begin_task", why: `the same with on_overlap "wait", to begin as soon as they are done` }
        : { tool: "begin_task", arguments: { ...asked, ...all, on_overlap: "wait" }, why: "to begin as soon as they are done" },
      ...yieldOfAgent(task.principalId, holders),
      { tool: "yield_task", why: "only if they wait for a task of yours" },
    ],
  };
}
