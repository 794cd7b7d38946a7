/** `check_overlap`: whether others hold files, without announcing anything. */
import * as z from "zod";
import { behindLines } from "./behind.ts";
import { holding, whose, yieldOfAgent } from "./holders.ts";
import { observedLine, observedOverlap, uncomparedLine } from "./observed.ts";
import { listed } from "./quote.ts";
import { withLiteralHint } from "./literal-hint.ts";
import type { ToolContext } from "./ports.ts";
import { asArguments, manyPaths, readScope, scopeRefused } from "./scope-input.ts";
import { type Answer, defineTool, type Next, things } from "./tool.ts";

const NAMED_HOLDERS = 5;

export const checkOverlap = defineTool({
  name: "check_overlap",
  title: "Check files for overlap",
  description:
    "Tells whether other agents hold these files, who and until when, or have changed them without a task, and what your worktree lacks. " +
    "Announces nothing: begin_task checks by itself.",
  profile: "core",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: { files: manyPaths().describe("Paths, folders or globs in the repository.") },
  output: {
    proposed_files: z.array(z.string()),
    has_overlap: z.boolean(),
    verdict: z.enum(["clear", "observed", "held"]),
    overlaps: things(),
    behind: things(),
  },
  async handler(ctx, args) {
    const scope = await readScope(ctx.files, args.files);
    if ("answer" in scope) return scope.answer;
    return withLiteralHint(await overlapsWith(ctx, scope.paths), ctx.files, scope.paths);
  },
});

async function overlapsWith(ctx: ToolContext, paths: readonly string[]): Promise<Answer> {
  const {
    overlaps: views,
    total,
    observed = [],
    uncompared = [],
    behind = [],
    own = [],
    refused = [],
  } = await ctx.coordination.overlap(paths);
  const [wrong] = refused;
  if (wrong !== undefined) return scopeRefused(wrong.why);
  const nowMs = ctx.nowMs();
  const overlaps = views.map(
    ({
      intent_id,
      principal_id,
      objective,
      scope,
      kind,
      paths: met,
      path_count,
      state,
      announced_at,
      expires_at,
      renews,
      branch,
      worktree,
    }) => ({
      intent_id,
      principal_id,
      objective,
      scope,
      kind,
      paths: met,
      ...(path_count === undefined ? {} : { path_count }),
      state,
      announced_at,
      expires_at,
      ...(renews === undefined ? {} : { renews }),
      ...(branch === undefined ? {} : { branch }),
      ...(worktree === undefined ? {} : { worktree }),
    }),
  );
  const clear = total === 0 && observed.length === 0;
  const all = asArguments(paths);
  const more = total - Math.min(overlaps.length, NAMED_HOLDERS);
  const goOn: Next[] = [
    { why: `edit under ${listed(own)}` },
    ...own.slice(0, 1).map((intent_id) => ({ tool: "yield_task", arguments: { intent_id }, why: "when you are done" })),
  ];
  const structured = {
    proposed_files: paths,
    has_overlap: !clear,
    verdict: clear ? "clear" : total === 0 ? "observed" : "held",
    overlaps: [...overlaps, ...observed.map(observedOverlap)],
    total,
    own,
    behind,
  };
  const seen = [
    ...observed.slice(0, NAMED_HOLDERS).map((one) => observedLine(one, nowMs)),
    ...uncompared.slice(0, NAMED_HOLDERS).map(uncomparedLine),
    ...behindLines(behind, nowMs),
  ];
  if (clear) {
    const begin = {
      tool: "begin_task",
      ...(all.files === undefined ? {} : { arguments: { objective: "…", ...all } }),
      why: "before you edit",
    };
    const mine = own.length === 0 ? [] : [`All of that is yours already, by ${listed(own)}.`];
    return {
      structured,
      lines: [`clear: nobody else holds ${listed(paths)}.`, ...mine, ...seen],
      next: own.length === 0 ? [begin] : goOn,
    };
  }
  if (total === 0) {
    const begin = { tool: "begin_task", why: "with the files that you need" };
    const next = [{ why: "find out whose edits these are before you edit the same files" }, ...(own.length === 0 ? [begin] : goOn)];
    return { structured, lines: ["observed: nobody holds these files, but some were changed without a task.", ...seen], next };
  }
  const { principalId } = await ctx.coordination.membership();
  return {
    structured,
    lines: [
      "held: others mean to change some of these files.",
      ...overlaps.slice(0, NAMED_HOLDERS).map((overlap) => `- ${holding(overlap, nowMs)}`),
      ...(more > 0 ? [`- and ${more} more`] : []),
      ...seen,
    ],
    next: [
      ...yieldOfAgent(principalId, overlaps),
      { tool: "begin_task", why: "with files that nobody holds" },
      { tool: "check_overlap", ...(all.files === undefined ? {} : { arguments: all }), why: `again when ${whose(overlaps)} may be done` },
    ],
  };
}
