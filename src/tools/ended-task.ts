/** What is said of a task that ended and was not ended by whoever had it: why, and which call takes it up again. */
import { asJson, listed, named, quoted, SHOWN_CHARACTERS } from "./quote.ts";

/** Files of a task that a sentence names. */
const NAMED_FILES = 5;

export interface EndedTask {
  readonly intentId: string;
  readonly objective: string;
  readonly files: readonly string[];
  /** Whether it was renewed while there was work. */
  readonly renews: boolean;
}

/**
 * What the next result says of a task that ended without its owner's doing.
 *
 * @param idleMs - how long nobody showed that he works, where a task that is renewed ended by its time
 */
export function endedSentence(task: EndedTask, reason: string, idleMs: number): string {
  const what = `your task ${named(task.intentId)} over ${listed(task.files, NAMED_FILES)}`;
  if (reason === "resolution_rejected") {
    return `${what} was rejected when a conflict about it was resolved; you hold nothing by it, and its files may not be announced again at once: leave them to the others, and work elsewhere`;
  }
  return `${what} ${endedWhy(task, reason, idleMs)}; you hold nothing by it: ${beginAgain(task)} takes it up again`;
}

function endedWhy(task: EndedTask, reason: string, idleMs: number): string {
  return reason === "away"
    ? "is not in the session any more"
    : reason !== "ttl"
      ? `was ended (${quoted(reason, 80)})`
      : task.renews
        ? `ended, because nothing was seen of its work for ${idleMs / 60_000} min`
        : "ended, as its ttl_sec said";
}

/** The call that takes it up again. */
export function beginAgain({ objective, files }: Pick<EndedTask, "objective" | "files">): string {
  const shown = Array.from(objective).slice(0, SHOWN_CHARACTERS).join("");
  const named = files.length <= NAMED_FILES ? { files } : {};
  return `begin_task ${asJson({ objective: shown, ...named })}`;
}
