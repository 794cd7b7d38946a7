/**
 * What the others say of the conflicts that one is in: whether they accept one, and so mean to merge, or dispute it. They say it
 * once, to nobody who asks, so the next result tells it; that they have seen one changes nothing and is shown where one looks.
 */
import type { Heard } from "./hearing.ts";
import type { Notices } from "./notices.ts";
import { named } from "./quote.ts";

/** Conflicts that are remembered; the oldest give way. */
const MOST = 200;

const SENTENCES: Readonly<Record<string, (who: string, conflict: string) => string>> = {
  accepted: (who, conflict) =>
    `${who} accepts conflict ${conflict} with you and will merge: go on, and read a file anew before you change it`,
  disputed: (who, conflict) =>
    `${who} disputes conflict ${conflict} with you: edit no more there until one of you gives way, with yield_task, or it is decided`,
};

export interface AcknowledgedOptions {
  readonly notices: Pick<Notices, "expect" | "forget">;
  /** As which the session knows the caller now. */
  readonly self: () => string;
}

/** Hears what the coordinator says; a report goes to the parties of its conflict and the arbiters only. */
export function createAcknowledged({ notices, self }: AcknowledgedOptions): (heard: Heard) => void {
  /** Who has spoken of each conflict that the caller is a party of. */
  const known = new Map<string, Set<string>>();

  function onReport(id: string, { principal_a: one, principal_b: other }: Heard["payload"]): void {
    // Somebody who reports what he has found names the tasks, and perhaps nobody.
    const names = [one, other].filter((name) => typeof name === "string");
    if (names.length > 0 && !names.includes(self())) return;
    if (!known.has(id)) known.set(id, new Set());
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) forget(oldest);
  }

  function forget(id: string): void {
    for (const who of known.get(id) ?? []) notices.forget(about(id, who));
    known.delete(id);
  }

  return ({ message_type: type, sender, payload }) => {
    const { conflict_id: id, ack_type: word } = payload;
    if (typeof id !== "string") return;
    if (type === "CONFLICT_REPORT") onReport(id, payload);
    else if (type === "RESOLUTION") forget(id);
    else if (type === "CONFLICT_ACK") {
      const speakers = known.get(id);
      const who = sender.principal_id;
      const sentence = typeof word === "string" && Object.hasOwn(SENTENCES, word) ? SENTENCES[word] : undefined;
      if (speakers === undefined || who === self()) return;
      speakers.add(who);
      if (sentence === undefined) notices.forget(about(id, who));
      else notices.expect(about(id, who), sentence(named(who), named(id)));
    }
  };
}

const about = (conflict: string, who: string): string => JSON.stringify([conflict, who]);
