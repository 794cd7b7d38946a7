/** What another worktree has and the caller's lacks, in sentences: told, never refused. */
import type { BehindView } from "../wire/query/views.ts";
import { named } from "./quote.ts";
import { ago } from "./times.ts";

const NAMED = 3;

/** `Behind: bo has changed src/a.ts on branch topic at 14:03Z (4 min ago); your worktree lacks it.` */
export function behindLines(behind: readonly BehindView[], nowMs: number): string[] {
  const lines = behind.slice(0, NAMED).map(({ path, by, at, branch, worktree }) => {
    const on = branch === undefined ? "" : ` on branch ${named(branch)}`;
    const where = worktree === undefined ? " outside any worktree" : "";
    return `Behind: ${named(by)} has changed ${named(path)}${on}${where} ${ago(at, nowMs)}; your worktree lacks it.`;
  });
  const more = behind.length - NAMED;
  return more > 0 ? [...lines, `Behind: ${more} more files.`] : lines;
}
