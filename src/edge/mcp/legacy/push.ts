/**
 * GET: the stream on which a session's client hears what belongs to no call, and the way back into the answer to a call whose
 * stream it lost.
 */
import { BadCursor } from "../changes.ts";
import { CODE, refusal } from "../errors.ts";
import { isAbout } from "../gathered.ts";
import type { HttpVisit } from "../http-visit.ts";
import type { Log } from "../../../log.ts";
import type { Change } from "../ports.ts";
import type { SessionStore } from "../session-store.ts";
import { endedBy, type Reason } from "../stays.ts";
import { eventText } from "./events.ts";
import { isOfCall, type KeptStreams } from "./kept-streams.ts";
import { type InSession, PRIMED_FROM } from "./live-sessions.ts";
import { createOutlet, type Outlet, STREAM_HEADERS } from "./outlet.ts";

export interface Pushing {
  readonly sessions: SessionStore;
  readonly kept: KeptStreams;
  readonly log: Log;
}

const GONE = "what this Last-Event-ID belongs to is not kept any more; send the request again";

export async function pushTo({ sessions, kept, log }: Pushing, visit: HttpVisit, named: InSession): Promise<Response> {
  const { id, record, live } = named;
  const last = visit.request.headers.get("last-event-id") ?? undefined;
  if (last !== undefined && isOfCall(last)) return resume(last);

  const gone = new AbortController();
  let changes: AsyncIterable<Change> | undefined;
  let sentAway: Reason | undefined;
  visit.stay((reason) => {
    sentAway = reason;
    gone.abort();
  });
  try {
    changes = await visit.serving.follow?.({ visit, clientName: record.clientInfo.name, after: last, signal: gone.signal });
  } catch (error) {
    visit.ended();
    if (error instanceof BadCursor) return refusal(400, CODE.server, error.message);
    throw error;
  }
  if (sentAway !== undefined) {
    visit.ended();
    return endedBy(sentAway);
  }
  const outlet = open(() => {
    gone.abort();
    const place = live.outlets.indexOf(outlet);
    if (place !== -1) live.outlets.splice(place, 1);
  });
  live.listen(outlet);
  void tellChanges().catch((error: unknown) => {
    log.warn({ error: String(error), mcpSession: id.slice(0, 8) }, "changes cannot be followed");
    outlet.end();
  });
  return new Response(outlet.body, { headers: STREAM_HEADERS });

  function open(onEnd: () => void): Outlet {
    const held = sessions.hold(visit.sessionId, record.idHash);
    const made = createOutlet({
      onEnd() {
        held[Symbol.dispose]();
        visit.ended();
        onEnd();
      },
    });
    visit.stay(() => made.end());
    return made;
  }

  function resume(eventId: string): Response {
    const found = kept.find(live, eventId);
    if (found === undefined) return refusal(400, CODE.server, GONE);
    const made = open(() => undefined);
    found.stream.resume(found.after, made, visit);
    return new Response(made.body, { headers: STREAM_HEADERS });
  }

  async function tellChanges(): Promise<void> {
    let isPrimed = last !== undefined || record.protocolVersion < PRIMED_FROM;
    for await (const change of changes ?? []) {
      // A client that loses the stream before anything was said comes back to this place.
      if (!isPrimed) outlet.send(eventText({ id: change.cursor, data: "" }));
      isPrimed = true;
      const subscribed = sessions.followedBy(visit.sessionId, record.idHash);
      if (live.outlets.at(-1) === outlet)
        tell(
          outlet,
          change.cursor,
          [...subscribed].filter((uri) => isAbout(change, uri)),
        );
      // The log keeps what this reader is too slow for.
      await outlet.drained();
    }
  }
}

/** The last of them has the place from which its client goes on: of those that changed together it hears all or goes back. */
function tell(outlet: Outlet, cursor: string, uris: readonly string[]): void {
  for (const [index, uri] of uris.entries()) {
    const data = JSON.stringify({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } });
    outlet.send(eventText({ id: index === uris.length - 1 ? cursor : undefined, data }));
  }
}
