/**
 * What a caller is told who writes braces, brackets or a leading `!` as a pattern. They are letters in a path, because
 * `app/[id]/page.tsx` is a file that people have, so such a pattern names one file that is not there.
 */
import type { Files } from "./ports/files.ts";
import { listed } from "./quote.ts";
import type { Answer } from "./tool.ts";

/** Paths that are looked at: one that is taken for what it is not is enough to say so. */
const LOOKED_AT = 8;

const BRACES = /\{[^{}/]*(?:,|\.\.)[^{}/]*\}/;

/** A range, a class that excludes, or brackets beside a wildcard in one name. */
const CLASS = /\[[!^]|\[(?:[a-z0-9]-[a-z0-9])+_?\]|\[[^\]/]+\][^/]*[*?]|[*?][^/]*\[[^\]/]+\]/i;

const EXCLUDES = /^!/;

const BRACKETS = /\[[^\]/]+\]/;

/** The answer, with a sentence about those of `paths` that look like a pattern and name nothing that is there. */
export async function withLiteralHint(answer: Answer, files: Files, paths: readonly string[]): Promise<Answer> {
  const suspects = paths.filter((path) => [BRACES, EXCLUDES, BRACKETS].some((form) => form.test(path))).slice(0, LOOKED_AT);
  const isMeant = await Promise.all(suspects.map((path) => isLiteral(files, path)));
  const mistaken = suspects.filter((_path, index) => isMeant[index] === false);
  if (mistaken.length === 0) return answer;
  const hint = `Braces, brackets and ! are letters here, not a pattern: ${listed(mistaken, 3)} stands for that one name. Name each file, or use * ** ?.`;
  return { ...answer, structured: { ...answer.structured, hint }, lines: [...answer.lines, hint] };
}

/** Whether the path may well mean the name that it spells. */
async function isLiteral(files: Files, path: string): Promise<boolean> {
  if (await isThere(files, path)) return true;
  if ([BRACES, EXCLUDES, CLASS].some((form) => form.test(path))) return false;
  const names = path.split("/");
  const bracketed = names.findLastIndex((name) => BRACKETS.test(name));
  const folder = names.slice(0, bracketed === names.length - 1 ? -1 : bracketed + 1).join("/");
  return folder === "" || isThere(files, folder);
}

/** A folder is there too, although its state is refused. */
async function isThere(files: Files, path: string): Promise<boolean> {
  return (await files.state(path, { content: false })).status !== "missing";
}
