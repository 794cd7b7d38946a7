/** `who_is_working`: who is in the session, what each means to change, and which conflicts are open. */
import * as z from "zod";
import type { SummaryAnswer } from "../wire/query.ts";
import { decideCommand } from "./claim-line.ts";
import { counted } from "./counted.ts";
import { withLiteralHint } from "./literal-hint.ts";
import { withFewFiles } from "./named-in.ts";
import type { Membership } from "./ports/session.ts";
import { asksForWord } from "./resources/whose.ts";
import { onePath, readScope, scopeRefused } from "./scope-input.ts";
import { sessionTable } from "./session-table.ts";
import { type Answer, defineTool, type Next, things } from "./tool.ts";

/** Participants and conflicts in one result; the counts say how many there are. */
const MAX_LISTED = 100;

/** Paths that the call for the next page repeats. */
const REPEATED_PATHS = 5;

/** Files of one intent in one result; `check_overlap` knows them all. */
const MAX_RESOURCES = 50;

export const whoIsWorking = defineTool({
  name: "who_is_working",
  title: "Who is working",
  description:
    "Lists the agents in this repository, their branch and worktree, the files each is changing, edits without a task, and open conflicts.",
  profile: "core",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: {
    paths: z.array(onePath()).min(1).max(100).optional().describe("Only tasks over these paths, folders or globs."),
    limit: z.int().min(1).max(100).default(20).describe("Tasks per page."),
    cursor: z.string().min(1).max(256).optional().describe("next_cursor of the page before."),
  },
  output: {
    sidecar_uri: z.string(),
    participant_count: z.int(),
    active_intent_count: z.int(),
    open_conflict_count: z.int(),
    participants: things(),
    active_intents: things(),
    open_conflicts: things(),
    undeclared: things(),
    waiting: things(),
    claims: things(),
    next_cursor: z.string().optional(),
  },
  async handler(ctx, args) {
    const scope = args.paths === undefined ? undefined : await readScope(ctx.files, args.paths);
    if (scope !== undefined && "answer" in scope) return scope.answer;
    const member = await ctx.coordination.membership();
    const summary = await ctx.coordination.summary({
      limit: args.limit,
      ...(scope === undefined ? {} : { paths: scope.paths }),
      ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    });
    const [wrong] = summary.refused ?? [];
    if (wrong !== undefined) return scopeRefused(wrong.why);
    const answer = rendered(summary, member, { paths: args.paths, isFirst: args.cursor === undefined, nowMs: ctx.nowMs() });
    return withLiteralHint(answer, ctx.files, scope?.paths ?? []);
  },
});

function rendered(
  summary: SummaryAnswer,
  member: Membership,
  { paths, isFirst, nowMs }: { paths: readonly string[] | undefined; isFirst: boolean; nowMs: number },
): Answer {
  const { participants, active_intents, open_conflicts, next_cursor } = summary;
  return {
    structured: {
      sidecar_uri: member.sidecarUri,
      participant_count: summary.participant_count,
      active_intent_count: summary.active_intent_count,
      open_conflict_count: summary.open_conflict_count,
      participants: participants
        .slice(0, MAX_LISTED)
        .map((participant) => ({ ...participant, you: participant.principal_id === member.principalId })),
      active_intents: active_intents.map((intent) => withFewFiles(intent, MAX_RESOURCES)),
      open_conflicts: open_conflicts.slice(0, MAX_LISTED),
      undeclared: summary.undeclared ?? [],
      waiting: summary.waiting ?? [],
      claims: summary.claims ?? [],
      ...(next_cursor === undefined ? {} : { next_cursor }),
    },
    lines: [...(paths !== undefined && isFirst ? [narrowed(summary)] : []), ...sessionTable(summary, member, nowMs)],
    next: nextFor(summary, member.principalId, paths),
  };
}

/** The counts of the session are of all of it, so the tasks over the paths are counted apart. */
function narrowed({ active_intents: { length }, next_cursor }: SummaryAnswer): string {
  if (length === 0) return "Nobody holds anything over these paths. In the whole session:";
  const tasks = `${next_cursor === undefined ? "" : "At least "}${counted(length, "task")}`;
  return `${tasks} over these paths. In the whole session:`;
}

function nextFor(summary: SummaryAnswer, principalId: string, paths: readonly string[] | undefined): Next[] {
  const { next_cursor } = summary;
  const isLong = paths !== undefined && paths.length > REPEATED_PATHS;
  const page: Next[] =
    next_cursor === undefined
      ? []
      : [
          {
            tool: "who_is_working",
            arguments: { ...(isLong || paths === undefined ? {} : { paths }), cursor: next_cursor },
            why: isLong ? "the next page, with the same paths" : "the next page",
          },
        ];
  const before = summary.open_conflicts.find((one) => one.escalated_to === principalId);
  const decide: Next[] =
    before === undefined
      ? []
      : [{ tool: "resolve_conflict", arguments: { conflict_id: before.conflict_id }, why: "it waits for your word" }];
  const { roles = [] } = summary.participants.find((one) => one.principal_id === principalId) ?? {};
  const mayDecide = roles.includes("owner") || roles.includes("arbiter");
  const claim = mayDecide ? summary.claims?.find((one) => one.due_at === undefined && one.principal_id !== principalId) : undefined;
  const approve: Next[] =
    claim === undefined ? [] : [{ why: `ask the user to run \`${decideCommand(claim.claim_id)}\`, or with reject, in this repository` }];
  const conflict = summary.open_conflicts.find((one) => asksForWord(principalId, one));
  const acknowledge: Next[] =
    conflict === undefined ? [] : [{ tool: "ack_conflict", arguments: { conflict_id: conflict.conflict_id }, why: "you are in it" }];
  const holds = summary.active_intents.some((intent) => intent.principal_id === principalId);
  return [
    ...page,
    ...decide,
    ...approve,
    ...acknowledge,
    { tool: "begin_task", why: holds ? "before you edit other files" : "before you edit" },
  ];
}
