/** Edits that were seen and that nobody announced, in a sentence. */
import type { ObservedView, UncomparedView } from "../wire/query/views.ts";
import { listed, named } from "./quote.ts";
import { span } from "./times.ts";

/** `src/a.ts changed without a task in worktree shop-2 on branch topic, where bo works (seen 4 s ago)` */
export function observedLine(seen: ObservedView, nowMs: number): string {
  const { paths, path_count, worktree, branch, principals, yours, observed_at } = seen;
  const on = branch === undefined ? "" : ` on branch ${named(branch)}`;
  const where = yours ? "in your own worktree" : `in worktree ${named(folderName(worktree))}`;
  const who = yours
    ? "by you or somebody else who works there"
    : principals.length === 0
      ? "by nobody known here"
      : `where ${listed(principals, 3)} ${principals.length === 1 ? "works" : "work"}`;
  return `${listed(paths, 5, path_count)} changed without a task ${where}${on}, ${who} (seen ${span(nowMs - Date.parse(observed_at))} ago)`;
}

/** `Worktree shop-2 has 5000 changed files, and not all were compared; git status there shows them.` */
export function uncomparedLine({ worktree, changed_count }: UncomparedView): string {
  return `Worktree ${named(folderName(worktree))} has ${changed_count} changed files, and not all were compared; git status there shows them.`;
}

/** As `check_overlap` lists it beside the tasks of others. */
export function observedOverlap({ paths, path_count, worktree, branch, principals, observed_at }: ObservedView) {
  return {
    intent_id: null,
    principal_id: principals.length === 1 ? (principals[0] ?? null) : null,
    objective: "",
    scope: { kind: "file_set", resources: paths },
    kind: "observed",
    paths,
    ...(path_count === undefined ? {} : { path_count }),
    principals,
    worktree,
    ...(branch === undefined ? {} : { branch }),
    observed_at,
  };
}

export function folderName(path: string): string {
  return path.split(/[\\/]/).findLast((name) => name !== "") ?? path;
}
