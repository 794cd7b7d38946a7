/**
 * Whether whoever holds the files may be doing the very work that was refused (`duplicate_candidate`).
 *
 * It decides nothing: the refusal stands either way. It tells the refused to look, once the holder is done, whether
 * anything is left to do.
 */
import type { JsonObject } from "../../wire/json.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { asCompared, type Hints, hintsOf } from "./duplicate-hints.ts";
import type { Meeting } from "./overlaps.ts";

/** Holders that are compared, and shared files that are named, those with a path of some length only. */
const COMPARED = 20;
const NAMED_FILES = 20;
const NAMED_CHARACTERS = 300;

const GUIDANCE =
  "Wait until the holder has withdrawn, then read the shared files again: if they already have the symbol or behaviour that you mean to add, " +
  "there is nothing left to write.";

interface Asking {
  readonly objective: string | null | undefined;
  readonly scope: Scope;
}

/** The refusal of a scope that others hold, and whether one of them seems to be at the same work. */
export function withDuplicate(
  { rejected }: { readonly rejected: Rejection },
  asking: Asking,
  holders: readonly Meeting[],
): { readonly rejected: Rejection } {
  const candidate = duplicateCandidate(asking, holders);
  if (candidate === undefined) return { rejected };
  return { rejected: { ...rejected, details: { ...rejected.details, duplicate_candidate: candidate } } };
}

/** About the first holder whose work looks the same; nothing when none does. */
function duplicateCandidate(asking: Asking, holders: readonly Meeting[]): JsonObject | undefined {
  const current = hintsOf(asking.objective ?? "", asking.scope);
  for (const { intent, paths } of holders.slice(0, COMPARED)) {
    const other = hintsOf(intent.objective, intent.scope);
    const shared = sharedWork(current, other);
    if (shared === undefined) continue;
    return {
      candidate: true,
      ...shared,
      other_intent_id: intent.id,
      other_principal_id: intent.principal,
      shared_files: [...paths]
        .sort()
        .filter((path) => path.length <= NAMED_CHARACTERS)
        .slice(0, NAMED_FILES),
      current: { ...current },
      other: { ...other },
      verification_required: true,
      guidance: GUIDANCE,
    };
  }
  return undefined;
}

/** The same symbol is looked for first; another action on it is other work. */
function sharedWork(current: Hints, other: Hints): JsonObject | undefined {
  if (current.action !== null && other.action !== null && current.action !== other.action) return undefined;
  const isSameAction = current.action !== null && current.action === other.action;
  const found = (what: string, symbols: string[], postconditions: string[]): JsonObject => ({
    confidence: isSameAction ? "high" : "medium",
    reason: isSameAction ? `${what}_and_action` : what,
    matched_symbols: symbols.sort(),
    matched_postconditions: postconditions,
  });

  const symbols = current.symbols.filter((symbol) => other.symbols.includes(symbol));
  if (symbols.length > 0) return found("same_symbol", symbols, []);
  const theirs = new Set(other.postconditions.map(asCompared));
  const postconditions = current.postconditions.filter((condition) => theirs.has(asCompared(condition)));
  return postconditions.length > 0 ? found("same_postcondition", [], postconditions) : undefined;
}
