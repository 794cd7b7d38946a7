/**
 * What is left out of a scope that says too much of who uses its files: nobody's work is refused for too much advice.
 *
 * In a large repository thousands of files may use the one that changes, and clients send them all. Files that nobody would
 * look at go first, then the names; those that are left count as using any.
 */
import type { Scope } from "../../wire/mpac/messages.ts";

/** Files of one scope that are looked at. */
export const MAX_IMPACT_FILES = 1_000;

type Members = { readonly [member: string]: unknown };

const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param fits - whether a scope is small enough; one that never is comes back with the least that can be left */
export function withLessAdvice(scope: Scope, fits: (scope: Scope) => boolean): Scope {
  const { extensions } = scope as Members;
  if (fits(scope) || !isMembers(extensions)) return scope;
  const { impact, impact_symbols: uses, ...rest } = extensions;
  const files = Array.isArray(impact) ? impact.slice(0, MAX_IMPACT_FILES) : [];
  const wanted = new Set(files);
  const names = isMembers(uses) ? Object.fromEntries(Object.entries(uses).filter(([file]) => wanted.has(file))) : {};
  const fewer: Scope = { ...scope, extensions: { ...rest, impact: files, impact_symbols: names } };
  return fits(fewer) ? fewer : { ...scope, extensions: { ...rest, impact: files } };
}
