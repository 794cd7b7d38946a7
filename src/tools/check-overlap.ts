/** `check_overlap`: whether others hold files, without announcing anything. */
import * as z from "zod";
import { holding, whose } from "./holders.ts";
import { listed } from "./quote.ts";
import { asArguments, manyPaths, readScope } from "./scope-input.ts";
import { defineTool, things } from "./tool.ts";

const NAMED_HOLDERS = 5;

export const checkOverlap = defineTool({
  name: "check_overlap",
  title: "Check files for overlap",
  description: "Tells whether other agents hold these files, who and until when. Announces nothing: begin_task checks by itself.",
  profile: "core",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: { files: manyPaths().describe("Paths, folders or globs in the repository.") },
  output: {
    proposed_files: z.array(z.string()),
    has_overlap: z.boolean(),
    verdict: z.enum(["clear", "held"]),
    overlaps: things(),
  },
  async handler(ctx, args) {
    const scope = readScope(ctx.files, args.files);
    if ("answer" in scope) return scope.answer;
    const { overlaps: views, total } = await ctx.coordination.overlap(scope.paths);
    const nowMs = ctx.nowMs();
    const overlaps = views.map(
      ({ intent_id, principal_id, objective, scope: held, kind, paths, state, announced_at, expires_at, branch, worktree }) => ({
        intent_id,
        principal_id,
        objective,
        scope: held,
        kind,
        paths,
        state,
        announced_at,
        expires_at,
        ...(branch === undefined ? {} : { branch }),
        ...(worktree === undefined ? {} : { worktree }),
      }),
    );
    const clear = total === 0;
    const more = total - Math.min(overlaps.length, NAMED_HOLDERS);
    const structured = { proposed_files: scope.paths, has_overlap: !clear, verdict: clear ? "clear" : "held", overlaps, total };
    if (clear) {
      const next = [{ tool: "begin_task", arguments: { objective: "…", ...asArguments(scope.paths) }, why: "before you edit" }];
      return { structured, lines: [`clear: nobody else holds ${listed(scope.paths)}.`], next };
    }
    return {
      structured,
      lines: [
        "held: others mean to change some of these files.",
        ...overlaps.slice(0, NAMED_HOLDERS).map((overlap) => `- ${holding(overlap, nowMs)}`),
        ...(more > 0 ? [`- and ${more} more`] : []),
      ],
      next: [
        { tool: "begin_task", why: "with files that nobody holds" },
        { tool: "check_overlap", arguments: asArguments(scope.paths), why: `again when ${whose(overlaps)} may be done` },
      ],
    };
  },
});
