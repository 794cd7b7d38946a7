/**
 * `take_over_task`: goes on with the suspended work of somebody who is away; where the person at the host can be asked, only if
 * that one says so.
 */
import * as z from "zod";
import type { ClaimView } from "../wire/query/views.ts";
import type { Rejection } from "../wire/refusals.ts";
import { decideCommand } from "./claim-line.ts";
import { codeOf, failed, refused } from "./failure.ts";
import { type Hearer, hearerOf } from "./hearers.ts";
import { clientRequestId, idFor, repeatable, type Request, requestOf } from "./once.ts";
import { isLive, type KnownIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Claim, ClaimDecision, Coordination } from "./ports/session.ts";
import { whyNot } from "./late-word.ts";
import { listed, named } from "./quote.ts";
import { UNDONE } from "./replies.ts";
import { manyPaths, readScope } from "./scope-input.ts";
import { decidedBy, takeOverQuestion } from "./take-over-question.ts";
import { telling } from "./telling.ts";
import { type Answer, defineTool, type Next } from "./tool.ts";
import { calledOff, CANCELLED, isCalledOff, unlessUntold } from "./untold.ts";

/** How long the coordinator's word on a claim is waited for, in milliseconds: as long as the agents of the original do. */
const WORD_MS = 15_000;

interface Asked {
  readonly claimId: string;
  readonly original: string;
  readonly newIntentId: string;
  readonly files: readonly string[];
  readonly hearer: Hearer;
}

export const takeOverTask = defineTool({
  name: "take_over_task",
  title: "Take over a task",
  description:
    "Claims a SUSPENDED task of somebody who left or is not heard any more, whole or in part. It is yours once approved; if they come back first it stays theirs.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  input: {
    original_intent_id: z.string().min(1).max(256).describe("From who_is_working or a blocked begin_task."),
    new_objective: z.string().min(1).max(2000),
    files: manyPaths().optional().describe("Those of its files that you take; default all."),
    original_principal_id: z.string().min(1).max(256).optional(),
    justification: z.string().max(2000).optional(),
    client_request_id: clientRequestId(),
  },
  output: {
    status: z.enum(["ok", "rejected", "timeout", ...UNDONE, "error"]),
    decision: z.string().nullable(),
    claim_id: z.string().nullable(),
    original_intent_id: z.string(),
    new_intent_id: z.string().nullable(),
    message: z.string(),
  },
  async handler(ctx, args) {
    const { coordination } = ctx;
    const scope = args.files === undefined ? undefined : await readScope(ctx.files, args.files);
    if (scope !== undefined && "answer" in scope) return scope.answer;
    const request = await requestOf(coordination, "take_over_task", args.client_request_id);
    const newIntentId = `intent-${idFor(ctx, request, "intent")}`;
    const hearer = await hearerOf(ctx, newIntentId);
    const claimId = `claim-${idFor(ctx, request, "claim")}`;
    const asked: Asked = { claimId, newIntentId, original: args.original_intent_id, files: scope?.paths ?? [], hearer };
    // A claim that waits is given up like a task: by the id that the task is to have.
    const giveUp = () => coordination.withdraw(newIntentId, CANCELLED);
    const answer = await takenOver(ctx, args, asked, { request, files: scope?.paths }).catch(async (cause: unknown) => {
      await hearer.leave(isCalledOff(ctx) ? giveUp : undefined).catch(() => undefined);
      throw cause;
    });
    if (["ok", "timeout"].some((status) => status === answer.structured["status"])) return unlessUntold(ctx, answer, hearer, giveUp);
    await hearer.leave();
    return answer;
  },
});

interface Arguments {
  readonly new_objective: string;
  readonly original_principal_id?: string | undefined;
  readonly justification?: string | undefined;
}

interface Given {
  readonly request: Request | undefined;
  readonly files: readonly string[] | undefined;
}

async function takenOver(ctx: ToolContext, args: Arguments, asked: Asked, given: Given): Promise<Answer> {
  const { coordination, person } = ctx;
  const { request } = given;
  const nothing = { ...common(asked, null), claim_id: null, new_intent_id: null };
  const first = request === undefined ? undefined : await firstOutcome(coordination, asked);
  if (first !== undefined) asked.hearer.stood(); // what was told before is not given up by cancelling the repeat
  const original = await coordination.intent(asked.original);
  let { files } = given;
  const canAsk = person?.canBeAsked === true || person?.reply !== undefined;
  if (canAsk && first !== undefined) return repeated(coordination, asked, first, args.new_objective);
  if (person?.reply !== undefined) {
    const about = { tool: "take_over_task", subject: `the task ${named(asked.original)}`, structured: nothing };
    const decided = await decidedBy(ctx, person.reply, { original, files }, about);
    if ("answer" in decided) return decided.answer;
    ({ files } = decided);
  } else if (canAsk && original !== null && (await isClaimable(coordination, original))) {
    const asks = takeOverQuestion(ctx, { original, files }, args.new_objective);
    const lines = [`Your user is asked about the task ${named(asked.original)}.`];
    return { structured: { status: "cancelled", ...nothing, message: "" }, lines, next: [{ why: "wait" }], asks };
  }
  if (isCalledOff(ctx)) return calledOff();

  const claim: Claim = {
    claimId: asked.claimId,
    originalIntentId: asked.original,
    newIntentId: asked.newIntentId,
    objective: args.new_objective,
    ...(args.original_principal_id === undefined ? {} : { originalPrincipalId: args.original_principal_id }),
    ...(files === undefined ? {} : { files }),
    ...(args.justification === undefined ? {} : { justification: args.justification }),
    ...repeatable(ctx, request),
  };
  return claimed(ctx, { ...asked, files: files ?? original?.scope.resources ?? [] }, claim, first, original);
}

/** Whether it is worth a question: of anything else the session says why it is not to be had. */
async function isClaimable(coordination: Coordination, { state, principal_id, claimed_by }: KnownIntent): Promise<boolean> {
  const { principalId } = await coordination.membership();
  return state === "SUSPENDED" && principal_id !== principalId && claimed_by === null;
}

async function claimed(
  ctx: ToolContext,
  asked: Asked,
  claim: Claim,
  first: First | undefined,
  original: KnownIntent | null,
): Promise<Answer> {
  const { coordination, signal } = ctx;
  // Of a claim that was decided before no word comes any more.
  const limitMs = first?.taken !== undefined || (claim.requestId !== undefined && original?.state !== "SUSPENDED") ? 0 : WORD_MS;
  const say = () => Promise.resolve(`the claim on ${named(asked.original)} waits: its owner may come back, or somebody has to approve it`);
  const outcome = await telling(ctx, { limitMs, say }, () => coordination.claim(claim, { limitMs, signal }));
  if (!outcome.ok) return refusedClaim(coordination, asked, outcome.rejection);
  if (first?.taken !== undefined) return repeated(coordination, asked, first, claim.objective);
  if (outcome.result === undefined && claim.requestId !== undefined && !isCalledOff(ctx)) {
    const now = await firstOutcome(coordination, asked);
    if (now === undefined) return rejected(asked, null, `the claim on ${named(asked.original)} was decided against or given up before`);
    if (now.taken !== undefined) return repeated(coordination, asked, now, claim.objective);
  }
  return answerTo(coordination, asked, outcome.result);
}

async function refusedClaim(coordination: Coordination, asked: Asked, rejection: Rejection): Promise<Answer> {
  if (rejection.code === "claim/taken") {
    const standing = await ownStanding(coordination, rejection);
    return standing === undefined ? rejected(asked, null, rejection.message) : undecided(asked.original, standing, "yours stands already");
  }
  return refused(rejection, { ...common(asked, null), new_intent_id: null, message: rejection.message });
}

/** What stands of the same call made before. */
interface First {
  readonly taken?: KnownIntent;
  readonly waits?: Standing & Pick<ClaimView, "objective">;
}

async function firstOutcome(coordination: Coordination, { claimId, newIntentId }: Asked): Promise<First | undefined> {
  const taken = await coordination.intent(newIntentId);
  if (taken !== null) return { taken };
  const { claims = [] } = await coordination.summary({ limit: 1 });
  const shown = claims.find((claim) => claim.claim_id === claimId);
  return shown === undefined ? undefined : { waits: { claimId, newIntentId, dueAt: shown.due_at, objective: shown.objective } };
}

async function repeated(coordination: Coordination, asked: Asked, { taken, waits }: First, objective: string): Promise<Answer> {
  if ((taken?.objective ?? waits?.objective) !== objective) {
    const message = "this client_request_id was that of another claim; nothing was claimed";
    const next: Next[] = [{ tool: "take_over_task", why: "with a client_request_id of its own" }];
    return failed({ code: codeOf("request/other-content"), message, recoverable: true, next }, common(asked, null));
  }
  if (taken === undefined) return undecided(asked.original, waits ?? asked, "yours stands already");
  if (!isLive(taken)) {
    const message = `this client_request_id took over ${taken.intent_id} before, which is ${taken.state} now; you hold nothing by it`;
    const next: Next[] = [{ tool: "who_is_working", arguments: {}, why: "see what stands" }];
    return failed({ code: codeOf("intent/ended"), message, recoverable: true, next }, common(asked, "approved"));
  }
  return answerTo(coordination, { ...asked, files: taken.scope.resources ?? [] }, { decision: "approved" });
}

function common({ claimId, original }: Asked, decision: string | null): Readonly<Record<string, unknown>> {
  return { decision, claim_id: claimId, original_intent_id: original };
}

async function answerTo(coordination: Coordination, asked: Asked, word: ClaimDecision | undefined): Promise<Answer> {
  if (word === undefined) return undecided(asked.original, asked, `nobody has decided it within ${WORD_MS / 1_000} s`);
  if (word.decision !== "approved") {
    return rejected(asked, word.decision, `the claim on ${named(asked.original)} was ${word.decision}: ${whyNot(word)}`);
  }
  const { newIntentId, files } = asked;
  const { open_conflicts } = await coordination.summary({ limit: 100 });
  const mine = open_conflicts.filter(({ intent_a, intent_b }) => intent_a === newIntentId || intent_b === newIntentId).length;
  const by = word.approvedBy === undefined ? "" : ` (approved by ${named(word.approvedBy)})`;
  const message = `you hold ${listed(files)} as ${newIntentId}, taken over from ${named(asked.original)}${by}`;
  return {
    structured: { status: "ok", ...common(asked, "approved"), new_intent_id: newIntentId, files, message },
    lines: [`ok: ${message}.`, ...(mine === 0 ? [] : [`Others mean to change some of it too: ${mine} open, see who_is_working.`])],
    next: [
      { tool: "get_file_state", why: "read what was left before you edit it" },
      { tool: "yield_task", arguments: { intent_id: newIntentId }, why: "when you are done" },
    ],
  };
}

function rejected(asked: Asked, decision: string | null, message: string): Answer {
  return {
    structured: { status: "rejected", ...common(asked, decision), new_intent_id: null, message },
    lines: [`rejected: ${message}. You hold nothing by it.`],
    next: [
      { tool: "who_is_working", arguments: {}, why: "see who works on it" },
      { tool: "begin_task", why: "for other files" },
    ],
  };
}

interface Standing extends Pick<Asked, "claimId"> {
  readonly newIntentId?: string | undefined;
  /** When it is approved by itself, RFC 3339. */
  readonly dueAt?: string | undefined;
}

/** The caller's own claim, when that is what stands in the way. */
async function ownStanding(coordination: Coordination, { details }: Rejection): Promise<Standing | undefined> {
  const { claim_id: claimId, principal_id: claimer } = details ?? {};
  const { principalId } = await coordination.membership();
  if (typeof claimId !== "string" || claimer !== principalId) return undefined;
  const { claims = [] } = await coordination.summary({ limit: 1 });
  const shown = claims.find((claim) => claim.claim_id === claimId);
  return { claimId, newIntentId: shown?.new_intent_id, dueAt: shown?.due_at };
}

function undecided(original: string, { claimId, newIntentId, dueAt }: Standing, how: string): Answer {
  const command = decideCommand(claimId);
  const decides =
    dueAt === undefined
      ? `an owner or arbiter of the session has to approve it, by \`${command}\`, and it stands until then`
      : `it is approved by itself at ${named(dueAt)}, unless the owner is back by then`;
  const message = `the claim ${named(claimId)} on ${named(original)} waits: ${how}; ${decides}`;
  const ask: Next[] = dueAt === undefined ? [{ why: `ask the user to run \`${command}\` in this repository` }] : [];
  return {
    structured: { status: "timeout", decision: null, claim_id: claimId, original_intent_id: original, new_intent_id: null, message },
    lines: [`timeout: ${message}. Do not edit its files yet; a later result says what became of it.`],
    next: [
      ...ask,
      {
        tool: "who_is_working",
        arguments: {},
        why: `later: ${newIntentId === undefined ? "the task" : named(newIntentId)} is yours when it stands there`,
      },
    ],
  };
}
