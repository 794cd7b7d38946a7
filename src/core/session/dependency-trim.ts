/**
 * What is left out of a scope that says too much of who uses its files: nobody's work is refused for too much advice.
 *
 * In a large repository thousands of files may use the one that changes, and clients send them all. Files that nobody would
 * look at go first, then the names; those that are left count as using any.
 */
import { isObject } from "../../wire/json.ts";
import type { Scope } from "../../wire/mpac/messages.ts";

/** Files of one scope that are looked at. */
export const MAX_IMPACT_FILES = 1_000;

/** @param fits - whether a scope is small enough; one that never is comes back with the least that can be left */
export function withLessAdvice(scope: Scope, fits: (scope: Scope) => boolean): Scope {
  const { extensions } = scope;
  if (fits(scope) || !isObject(extensions)) return scope;
  const { impact, impact_symbols: uses, ...rest } = extensions;
  const files = Array.isArray(impact) ? impact.slice(0, MAX_IMPACT_FILES) : [];
  const wanted = new Set(files);
  const names = isObject(uses) ? Object.fromEntries(Object.entries(uses).filter(([file]) => wanted.has(file))) : {};
  const fewer: Scope = { ...scope, extensions: { ...rest, impact: files, impact_symbols: names } };
  return fits(fewer) ? fewer : { ...scope, extensions: { ...rest, impact: files } };
}
