/**
 * What was decided about the conflicts that one is in: whoever brought one before an arbiter was told to wait for it, so the
 * next result says what came of it, whether or not a task of one's own ended by it.
 */
import type { Heard } from "./hearing.ts";
import { listed, named, quoted } from "./quote.ts";

/** Conflicts that are remembered; the oldest give way. */
const MOST = 200;

const OUTCOMES = ["accepted", "rejected", "merged"] as const;

/** Hears what the coordinator says; a report goes to the parties of its conflict and the arbiters only. */
export function createDecisions(tell: (sentence: string) => void): (heard: Heard) => void {
  const heardOf = new Set<string>();
  return ({ message_type: type, sender, payload }) => {
    const { conflict_id: id } = payload;
    if (typeof id !== "string") return;
    if (type === "CONFLICT_REPORT") {
      heardOf.add(id);
      const [oldest] = heardOf;
      if (heardOf.size > MOST && oldest !== undefined) heardOf.delete(oldest);
    } else if (type === "RESOLUTION" && heardOf.delete(id) && !isOver(sender.principal_id, payload)) {
      tell(decidedSentence(id, sender.principal_id, payload));
    }
  };
}

/** Nothing that the conflict was about is left: nobody waits for that. */
export function isOver(by: string, { decision }: Heard["payload"]): boolean {
  return by.startsWith("service:coordinator-") && decision === "dismissed";
}

function decidedSentence(id: string, by: string, { decision, rationale, outcome }: Heard["payload"]): string {
  const lists = (typeof outcome === "object" ? outcome : null) as Readonly<Record<string, unknown>> | null;
  const chosen = OUTCOMES.flatMap((name) => {
    const ids = lists?.[name];
    const texts = Array.isArray(ids) ? ids.filter((one) => typeof one === "string") : [];
    return texts.length === 0 ? [] : [`; ${name}: ${listed(texts)}`];
  });
  const what = typeof decision === "string" ? named(decision) : "resolved";
  const why = typeof rationale === "string" && rationale !== "" ? ` (${quoted(rationale)})` : "";
  return `conflict ${named(id)} was decided by ${named(by)}: ${what}${why}${chosen.join("")}; what of yours was not rejected may go on`;
}
