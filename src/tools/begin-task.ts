/** `begin_task`: announces what the caller is about to change, and says who is there already. */
import * as z from "zod";
import { listed, quoted, SHOWN_CHARACTERS } from "./quote.ts";
import { behindLines } from "./behind.ts";
import { codeOf, failed, refused } from "./failure.ts";
import { attemptOf, giveUpTurn } from "./begin-task-again.ts";
import { releasedBy, releasedLine } from "./begin-task-released.ts";
import { heldIn, holding, whose, yieldOfAgent } from "./holders.ts";
import { withLiteralHint } from "./literal-hint.ts";
import { conflictLine } from "./conflict-line.ts";
import { clientRequestId } from "./once.ts";
import { isLive, type KnownIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Announced } from "./ports/session.ts";
import { byAgent, foreignTicket, inventedTicket, ownOver, turnOf, waiting } from "./begin-task-waiting.ts";
import { asArguments, freeTogether, manyPaths, type ReadScope, readScope, symbols } from "./scope-input.ts";
import { PRIORITIES } from "../wire/priorities.ts";
import type { Rejection } from "../wire/refusals.ts";
import { DEFAULT_WAIT_S, MOST_WAIT_S, PLACE_SEC, until } from "./times.ts";
import { type Answer, defineTool, type Next, things } from "./tool.ts";
import { calledOff, CANCELLED, isCalledOff, spokenBy, unlessUntold } from "./untold.ts";

/** Life of an intent when the call names none, in seconds: it is renewed at half of it while there is work. */
const DEFAULT_TTL_SEC = 900;

/** Holders that the text names; `conflicts` has them all. */
const NAMED_HOLDERS = 4;

export interface Task {
  readonly intentId: string;
  readonly principalId: string;
  readonly objective: string;
  readonly files: readonly string[];
  /** The sub-agent whose task it is. */
  readonly agent: string | undefined;
  /** The caller's own id for the call, if it gave one. */
  readonly requestId: string | undefined;
  /** Whether it lives while its owner works. */
  readonly renews: boolean;
  /** How long this call waits for its turn, in milliseconds. */
  readonly waitMs: number;
  readonly nowMs: number;
}

export const beginTask = defineTool({
  name: "begin_task",
  title: "Begin a task",
  description:
    "Call before you edit: announces which files you will change, so that others do not change them meanwhile. " +
    "`blocked` means another agent holds some of them and you hold nothing: choose other files, or wait. It replaces your own earlier tasks over the same files. " +
    "Lives while you work; ends with yield_task.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    objective: z.string().min(1).max(2000).describe("What you are about to do, in a sentence."),
    files: manyPaths().describe("Paths, folders or globs (* ** ?) in the repository; they need not exist yet."),
    on_overlap: z
      .enum(["block", "proceed", "wait"])
      .optional()
      .describe("proceed: although others hold files; opens a conflict. wait: queue, begins by itself."),
    wait_s: z.int().min(0).max(MOST_WAIT_S).optional().describe(`With wait: seconds in this call, default ${DEFAULT_WAIT_S}.`),
    ticket: z.string().min(1).max(128).optional().describe("From waiting: keeps your place."),
    priority: z.enum(PRIORITIES).optional(),
    symbols: symbols(),
    agent: z
      .string()
      .max(40)
      .regex(/^[\w.-]{1,40}$/, "1 to 40 letters, digits, _ . -")
      .optional()
      .describe("Your label, when you are a sub-agent: the task is yours and not your siblings'."),
    ttl_sec: z.int().min(1).max(86_400).optional().describe("Seconds until it ends, whatever happens. Default: it lives while you work."),
    client_request_id: clientRequestId(),
  },
  output: {
    status: z.enum(["ok", "blocked", "waiting", "error"]),
    ticket: z.string().optional(),
    intent_id: z.string().nullable(),
    principal_id: z.string(),
    objective: z.string(),
    files: z.array(z.string()),
    has_conflict: z.boolean(),
    conflicts: things(),
    errors: z.array(z.string()),
    intent: z.looseObject({}).nullable(),
    superseded: z.array(z.string()),
    behind: things(),
  },
  async handler(caller, args) {
    const coordination = args.agent === undefined ? caller.coordination : await caller.agents.as(args.agent);
    const ctx = spokenBy(caller, coordination);
    const scope = await readScope(ctx.files, args.files);
    if ("answer" in scope) return scope.answer;
    const { objective, client_request_id: requestId, ticket } = args;
    const invented = ticket === undefined ? undefined : inventedTicket(ticket, { objective, files: scope.paths, agent: args.agent });
    if (invented !== undefined) return invented;
    const { principalId } = await coordination.membership();
    const attempt = await attemptOf(ctx, coordination, { principalId, ticket, requestId });
    if (isCalledOff(ctx)) {
      await attempt.hearer.leave();
      return calledOff();
    }
    const task: Task = {
      intentId: attempt.intentId,
      principalId,
      objective,
      files: scope.paths,
      agent: args.agent,
      requestId,
      renews: args.ttl_sec === undefined,
      waitMs: (args.wait_s ?? DEFAULT_WAIT_S) * 1_000,
      nowMs: ctx.nowMs(),
    };
    const { intentId } = task;
    const announce = (placeSec: number, again?: string) =>
      coordination.announce({
        intentId,
        objective: args.objective,
        files: scope.paths,
        onOverlap: ticket === undefined && again === undefined ? (args.on_overlap ?? ctx.onOverlap) : "wait",
        ttlSec: args.ttl_sec ?? DEFAULT_TTL_SEC,
        renews: task.renews,
        requestId: again ?? attempt.requestId ?? ctx.newId(),
        placeSec,
        ...(args.priority === undefined ? {} : { priority: args.priority }),
        ...(args.symbols === undefined ? {} : { symbols: args.symbols }),
      });
    const giveUp = () => (ticket === undefined ? coordination.withdraw(intentId, CANCELLED) : giveUpTurn(coordination, ticket));
    const announcing = announce(PLACE_SEC + task.waitMs / 1_000);
    // Sent right behind it and answered behind it, so that both cost one way there and back.
    const seeing = coordination.intentBehind(intentId).catch(() => undefined);
    const first = await announcing.catch(async (cause: unknown) => {
      // Nobody hears that it is not known what became of it.
      await attempt.hearer.leave(isCalledOff(ctx) ? giveUp : undefined).catch(() => undefined);
      throw cause;
    });
    const hadToWait = first.ok && first.result.waiting !== undefined;
    const outcome = hadToWait ? await turnOf(ctx, task, first, () => announce(PLACE_SEC, ctx.newId())) : first;

    if (outcome.ok) {
      if (isCalledOff(ctx)) {
        await attempt.hearer.leave(giveUp);
        return calledOff();
      }
      const { waiting: place } = outcome.result;
      const answer =
        place === undefined
          ? await begun(ctx, task, outcome.result, hadToWait ? undefined : await seeing)
          : waiting(task, place, await ownOver(coordination, task));
      return unlessUntold(ctx, await withLiteralHint(answer, ctx.files, scope.paths), attempt.hearer, giveUp);
    }
    await attempt.hearer.leave();
    const { rejection } = outcome;
    if (rejection.code === "intent/held") return withLiteralHint(blocked(task, rejection, scope.links), ctx.files, scope.paths);
    if (rejection.code === "id/taken" && ticket !== undefined) return foreignTicket(coordination, task, rejection);
    if (rejection.code === "intent/backoff") return refused(rejection, { errors: [rejection.message], next: later(rejection) });
    const again: Next[] = [{ tool: "begin_task", why: "with the files named as it says; nothing was announced" }];
    return refused(rejection, { errors: [rejection.message], ...(rejection.code === "scope/refused" ? { next: again } : {}) });
  },
});

/** After a rejection the same files have to wait. */
function later({ details }: Rejection): readonly Next[] {
  const seconds = details?.["retry_after_sec"];
  return [
    { tool: "begin_task", why: "for other files" },
    { why: `the same call in ${typeof seconds === "number" ? `${Math.ceil(seconds)} s` : "a while"}` },
    { tool: "who_is_working", arguments: {}, why: "see who works on these" },
  ];
}

type Seen = Awaited<ReturnType<ToolContext["coordination"]["intentBehind"]>>;

async function begun(
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

function blocked(task: Task, rejection: Rejection, links: ReadScope["links"]): Answer {
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
      intent_id: null,
      principal_id: task.principalId,
      objective,
      files,
      has_conflict: true,
      conflicts: holders,
      errors: [],
      intent: null,
      superseded: [],
      behind: [],
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
