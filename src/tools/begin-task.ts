/** `begin_task`: announces what the caller is about to change, and says who is there already. */
import * as z from "zod";
import { listed, quoted, SHOWN_CHARACTERS } from "./quote.ts";
import { codeOf, failed, refused } from "./failure.ts";
import { type Holder, holdersIn, holding, whose } from "./holders.ts";
import { conflictLine } from "./conflict-line.ts";
import type { Announced, ToolContext } from "./ports.ts";
import { asArguments, manyPaths, readScope } from "./scope-input.ts";
import { until } from "./times.ts";
import { type Answer, defineTool, type Next, things } from "./tool.ts";

/** Life of an intent when the call names none, in seconds. It is not renewed. */
const DEFAULT_TTL_SEC = 3600;

/** Holders that the text names; `conflicts` has them all. */
const NAMED_HOLDERS = 4;

interface Task {
  readonly intentId: string;
  readonly principalId: string;
  readonly objective: string;
  readonly files: readonly string[];
  readonly nowMs: number;
}

/** The intent's id: with a request id always the same one, so that a repeat is recognised by the session too. */
function intentIdOf(ctx: ToolContext, principalId: string, requestId: string | undefined): string {
  if (requestId === undefined) return `intent-${ctx.newId()}`;
  return `intent-${ctx.hash(JSON.stringify([principalId, requestId])).slice(0, 24)}`;
}

export const beginTask = defineTool({
  name: "begin_task",
  title: "Begin a task",
  description:
    "Call before you edit: announces which files you will change, so that others do not change them meanwhile. " +
    "`blocked` means another agent holds some of them and you hold nothing: choose other files, or wait. It replaces your own earlier tasks over the same files. " +
    "Ends with yield_task, or after ttl_sec (1 h).",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    objective: z.string().min(1).max(2000).describe("What you are about to do, in a sentence."),
    files: manyPaths().describe("Paths, folders or globs (* ** ?) in the repository; they need not exist yet."),
    on_overlap: z.enum(["block", "proceed"]).optional().describe("proceed: announce although others hold files; opens a conflict."),
    ttl_sec: z.int().min(1).max(86_400).optional().describe("Seconds until it ends by itself."),
    client_request_id: z.string().min(1).max(128).optional().describe("A repeat with the same id does not begin twice."),
  },
  output: {
    status: z.enum(["ok", "blocked", "error"]),
    intent_id: z.string().nullable(),
    principal_id: z.string(),
    objective: z.string(),
    files: z.array(z.string()),
    has_conflict: z.boolean(),
    conflicts: things(),
    errors: z.array(z.string()),
    intent: z.looseObject({}).nullable(),
    superseded: z.array(z.string()),
  },
  async handler(ctx, args) {
    const { coordination } = ctx;
    const scope = readScope(ctx.files, args.files);
    if ("answer" in scope) return scope.answer;
    const { principalId } = await coordination.membership();
    const intentId = intentIdOf(ctx, principalId, args.client_request_id);
    const task: Task = { intentId, principalId, objective: args.objective, files: scope.paths, nowMs: ctx.nowMs() };

    const outcome = await coordination.announce({
      intentId,
      objective: args.objective,
      files: scope.paths,
      onOverlap: args.on_overlap ?? ctx.onOverlap,
      ttlSec: args.ttl_sec ?? DEFAULT_TTL_SEC,
      requestId: args.client_request_id ?? ctx.newId(),
    });

    if (outcome.ok) return begun(ctx, task, outcome.result);
    const { rejection } = outcome;
    if (rejection.code === "intent/held") return blocked(task, holdersIn(rejection), rejection.message);
    return refused(rejection, { errors: [rejection.message] });
  },
});

async function begun(ctx: ToolContext, task: Task, { conflicts, superseded }: Announced): Promise<Answer> {
  const { coordination } = ctx;
  const intent = await coordination.intent(task.intentId);
  if (intent !== null && intent.state !== "ACTIVE" && intent.state !== "SUSPENDED") return endedSince(task, intent.state);

  const summary = conflicts.length === 0 ? undefined : await coordination.summary({ paths: task.files, limit: 100 });
  const opened = conflicts.map((id) => summary?.open_conflicts.find((conflict) => conflict.conflict_id === id) ?? { conflict_id: id });
  const lines = [
    `ok: you hold ${listed(task.files)}${intent === null ? "" : ` ${until(intent.expires_at, task.nowMs)}`} as ${task.intentId}.`,
    ...(superseded.length === 0 ? [] : [`It replaces your own earlier ${listed(superseded)}.`]),
    ...opened.slice(0, NAMED_HOLDERS).map((conflict) => conflictLine(conflict, task.principalId, summary?.active_intents ?? [])),
    ...(opened.length > NAMED_HOLDERS ? [`There are ${opened.length - NAMED_HOLDERS} more conflicts in who_is_working.`] : []),
  ];
  const [first] = conflicts;
  const acknowledge: Next[] =
    first === undefined
      ? []
      : [{ tool: "ack_conflict", arguments: { conflict_id: first, ack_type: "accepted" }, why: "once you will merge" }];
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
    },
    lines,
    next: [
      ...acknowledge,
      { why: `edit the files, or get_file_state and submit_change with intent_id ${task.intentId}` },
      { tool: "yield_task", arguments: { intent_id: task.intentId }, why: "when you are done" },
    ],
  };
}

function endedSince({ intentId }: Task, state: string): Answer {
  const message = `this client_request_id began ${intentId} before, which is ${state} now; you hold nothing by it`;
  const next: Next[] = [{ tool: "begin_task", why: "with a new client_request_id" }];
  return failed({ code: codeOf("intent/ended"), message, recoverable: true, next }, { errors: [message] });
}

function blocked(task: Task, holders: readonly Holder[], reason: string): Answer {
  const { nowMs, objective, files } = task;
  const held = new Set(holders.flatMap((holder) => holder.paths));
  const free = held.size === 0 ? [] : files.filter((file) => !held.has(file));
  const who = holders.length === 0 ? "the holder" : whose(holders);
  const short = objective.length > SHOWN_CHARACTERS ? `${objective.slice(0, SHOWN_CHARACTERS)}…` : objective;
  return {
    structured: {
      status: "blocked",
      intent_id: null,
      principal_id: task.principalId,
      objective,
      files,
      has_conflict: true,
      conflicts: holders,
      errors: [],
      intent: null,
      superseded: [],
      free_files: free,
    },
    lines: [
      "blocked: nothing was announced, so you hold none of these files. Do not edit what others hold.",
      ...holders.slice(0, NAMED_HOLDERS).map((holder) => `- ${holding(holder, nowMs)}`),
      ...(holders.length > NAMED_HOLDERS ? [`- and ${holders.length - NAMED_HOLDERS} more`] : []),
      ...(holders.length === 0 ? [`- ${quoted(reason, 400)}`] : []),
    ],
    next: [
      free.length === 0
        ? { tool: "begin_task", why: "with other files" }
        : { tool: "begin_task", arguments: { objective: short, ...asArguments(free) }, why: "with the files that are free" },
      { tool: "check_overlap", arguments: asArguments(files), why: "later, to see whether they are free" },
      {
        tool: "begin_task",
        arguments: { objective: short, ...asArguments(files), on_overlap: "proceed" },
        why: `only if you agreed with ${who} to merge`,
      },
      { tool: "yield_task", why: "for a task of yours that they wait for" },
    ],
  };
}
