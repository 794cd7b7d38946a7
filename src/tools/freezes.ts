/**
 * What becomes of a conflict that one is in while nobody resolves it: it comes before somebody, and what it is about is
 * frozen. Whoever edits without `submit_change` meets no refusal, so the next result says it.
 */
import type { Heard } from "./hearing.ts";
import { named, quoted } from "./quote.ts";

/** Conflicts that are remembered; the oldest give way. */
const MOST = 200;

/** Most characters of a notice. */
const NOTICE_CHARACTERS = 400;

const NOTICES: ReadonlySet<unknown> = new Set(["RESOLUTION_TIMEOUT", "SCOPE_FROZEN"]);

/** Hears what the coordinator says: everybody of a conflict that nobody resolved, only its parties and the arbiters of its report. */
export function createFreezes(tell: (sentence: string) => void): (heard: Heard) => void {
  /** What was told of each: every phase has words of its own. */
  const heardOf = new Map<string, Set<string>>();
  return ({ message_type: type, payload }) => {
    const { conflict_id: id, error_code: code, refers_to: about, description } = payload;
    if (type === "CONFLICT_REPORT" && typeof id === "string") {
      if (!heardOf.has(id)) heardOf.set(id, new Set());
      const [oldest] = heardOf.keys();
      if (heardOf.size > MOST && oldest !== undefined) heardOf.delete(oldest);
    } else if (type === "RESOLUTION" && typeof id === "string") {
      heardOf.delete(id);
    } else if (type === "PROTOCOL_ERROR" && NOTICES.has(code) && typeof about === "string" && typeof description === "string") {
      const told = heardOf.get(about);
      if (told === undefined || told.has(description)) return;
      told.add(description);
      const words = quoted(description, NOTICE_CHARACTERS).slice(1, -1);
      tell(`${words}; edit nothing that conflict ${named(about)} is about unless submit_change takes it`);
    }
  };
}
