/**
 * By which message each live intent was announced or changed last: what is rejected because it ends refers to that (SPEC 15.7).
 *
 * The log names an intent by its own id. So does this of one that nobody said anything about since it listens: after a
 * restart, or when it began by itself.
 */
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { messageOf, type Outbound } from "./relay.ts";

/** Hears every record in its order, and gives what is said of it with the references of a participant's messages. */
export type LastWords = (record: LogRecord, said: Outbound[]) => Outbound[];

export function createLastWords(): LastWords {
  const last = new Map<string, string>();

  function referring(outbound: Outbound): Outbound {
    if (outbound.kind !== "coordinator" || outbound.type !== "OP_REJECT") return outbound;
    const { reason, refers_to: intent } = outbound.payload;
    const message = reason === "intent_terminated" && typeof intent === "string" ? last.get(intent) : undefined;
    return message === undefined ? outbound : { ...outbound, payload: { ...outbound.payload, refers_to: message } };
  }

  return (record, said) => {
    const told = last.size === 0 ? said : said.map(referring);
    const message = messageOf(record)?.message_id;
    for (const event of record.events as readonly SessionEvent[]) {
      if (event.type === "IntentEnded") last.delete(event.intentId);
      const isSpoken = event.type === "IntentAnnounced" || event.type === "IntentUpdated";
      if (isSpoken && message !== undefined) last.set(event.intentId, message);
    }
    return told;
  };
}
