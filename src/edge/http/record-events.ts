/**
 * The records of one stream as server-sent events whose ids are its revisions, from where the client stopped.
 *
 * What the log cannot give, because it was put back to an older copy or begins later, is told by an event `gap`: the client
 * reads the state anew and goes on from there.
 */
import type { Context } from "hono";
import { feed, type FeedOptions } from "../../engine/feed.ts";
import type { LogRecord, Revision } from "../../wire/record.ts";
import type { ServerSentEvent } from "./sse.ts";

const REVISION = /^\d{1,15}$/;

/**
 * Behind which revision a client wants to hear: as its `Last-Event-ID` says, which is newer than the `?after=` of an address
 * that it keeps, else as that says; undefined when it wants what happens from now on.
 */
export function askedAfter({ req }: Pick<Context, "req">): { readonly after: Revision | undefined } | { readonly refused: string } {
  const header = req.header("last-event-id") ?? "";
  const [name, value] = header === "" ? ["after", req.query("after")] : ["Last-Event-ID", header];
  if (value === undefined) return { after: undefined };
  if (REVISION.test(value)) return { after: Number(value) };
  return { refused: `${name} is the id of the last event that you have, a whole number; 0 gives all, and without it you hear what is new` };
}

export interface RecordEventsOptions extends Omit<FeedOptions, "after"> {
  readonly after: Revision | undefined;
  /** What a client hears of a record; nothing where that is none of its business. */
  readonly say: (record: LogRecord) => Omit<ServerSentEvent, "id"> | undefined;
}

export async function* recordEvents({ after, say, ...source }: RecordEventsOptions): AsyncGenerator<ServerSentEvent, void, undefined> {
  const head = source.host.revision;
  if (after !== undefined && after > head) yield gap(after, head);
  let position = Math.min(after ?? head, head);
  for await (const record of feed({ ...source, after: position })) {
    if (record.revision > position + 1) yield gap(position, record.revision - 1);
    position = record.revision;
    const said = say(record);
    if (said !== undefined) yield { id: position, ...said };
  }
}

/** @param head - the revision behind which the events go on */
function gap(after: Revision, head: Revision): ServerSentEvent {
  const detail = "the log does not have what followed the revision that you named; read the state anew, the events go on from here";
  return { id: head, event: "gap", data: JSON.stringify({ after, head, detail }) };
}
