/** `begin_task`: announces what the caller is about to change, and says who is there already. */
import * as z from "zod";
import { PRIORITIES } from "../wire/priorities.ts";
import { attemptOf, giveUpTurn } from "./begin-task-again.ts";
import { begun, blocked, later } from "./begin-task-answers.ts";
import { foreignTicket, inventedTicket, ownOver, turnOf, waiting } from "./begin-task-waiting.ts";
import { refused } from "./failure.ts";
import { withLiteralHint } from "./literal-hint.ts";
import { clientRequestId } from "./once.ts";
import { manyPaths, readScope, symbols } from "./scope-input.ts";
import { DEFAULT_WAIT_S, MOST_WAIT_S, PLACE_SEC } from "./times.ts";
import { defineTool, type Next, things } from "./tool.ts";
import { calledOff, CANCELLED, isCalledOff, spokenBy, unlessUntold } from "./untold.ts";

/** Life of an intent when the call names none, in seconds: it is renewed at half of it while there is work. */
const DEFAULT_TTL_SEC = 900;

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
