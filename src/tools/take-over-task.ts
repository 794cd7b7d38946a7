/** `take_over_task`: goes on with the suspended work of somebody who is away. */
import * as z from "zod";
import type { Rejection } from "../wire/refusals.ts";
import { decideCommand } from "./claim-line.ts";
import { refused } from "./failure.ts";
import type { ClaimDecision, Coordination } from "./ports.ts";
import { listed, named } from "./quote.ts";
import { manyPaths, readScope } from "./scope-input.ts";
import { type Answer, defineTool, type Next } from "./tool.ts";

/** How long the coordinator's word on a claim is waited for, in milliseconds: as long as the agents of the original do. */
const WORD_MS = 15_000;

interface Asked {
  readonly claimId: string;
  readonly original: string;
  readonly newIntentId: string;
  readonly files: readonly string[];
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
  },
  output: {
    status: z.enum(["ok", "rejected", "timeout", "error"]),
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
    const original = await coordination.intent(args.original_intent_id);
    const files = scope?.paths ?? original?.scope.resources ?? [];
    const asked: Asked = {
      claimId: `claim-${ctx.newId()}`,
      newIntentId: `intent-${ctx.newId()}`,
      original: args.original_intent_id,
      files,
    };
    const outcome = await coordination.claim(
      {
        claimId: asked.claimId,
        originalIntentId: asked.original,
        newIntentId: asked.newIntentId,
        objective: args.new_objective,
        ...(args.original_principal_id === undefined ? {} : { originalPrincipalId: args.original_principal_id }),
        ...(scope === undefined ? {} : { files: scope.paths }),
        ...(args.justification === undefined ? {} : { justification: args.justification }),
      },
      { limitMs: WORD_MS, signal: ctx.signal },
    );
    if (outcome.ok) return answerTo(coordination, asked, outcome.result);
    const { rejection } = outcome;
    if (rejection.code === "claim/taken") {
      const standing = await ownStanding(coordination, rejection);
      return standing === undefined
        ? rejected(asked, null, rejection.message)
        : undecided(asked.original, standing, "yours stands already");
    }
    return refused(rejection, { ...common(asked, null), new_intent_id: null, message: rejection.message });
  },
});

function common({ claimId, original }: Asked, decision: string | null): Readonly<Record<string, unknown>> {
  return { decision, claim_id: claimId, original_intent_id: original };
}

async function answerTo(coordination: Coordination, asked: Asked, word: ClaimDecision | undefined): Promise<Answer> {
  if (word === undefined) return undecided(asked.original, asked, `nobody has decided it within ${WORD_MS / 1_000} s`);
  if (word.decision !== "approved") {
    const why = word.reason === "original_owner_rejoined" ? "its owner is back and goes on with it" : (word.reason ?? word.decision);
    return rejected(asked, word.decision, `the claim on ${named(asked.original)} was ${word.decision}: ${why}`);
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
    lines: [`timeout: ${message}. Do not edit its files yet.`],
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
