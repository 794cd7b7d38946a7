/**
 * GET: the stream on which a session's client hears what belongs to no call, and the way back into the answer to a call whose
 * stream it lost.
 */
import { isAbout } from "../changes.ts";
import { CODE, refusal } from "../errors.ts";
import type { HttpVisit } from "../http-visit.ts";
import type { Log } from "../../../log.ts";
import type { SessionStore } from "../session-store.ts";
import { eventText } from "./events.ts";
import { isOfCall, type KeptStreams } from "./kept-streams.ts";
import type { InSession } from "./legacy.ts";
import { createOutlet, type Outlet, STREAM_HEADERS } from "./outlet.ts";

export interface Pushing {
  readonly sessions: SessionStore;
  readonly kept: KeptStreams;
  readonly log: Log;
}

const GONE = "what this Last-Event-ID belongs to is not kept any more; send the request again";

export function pushTo({ sessions, kept, log }: Pushing, visit: HttpVisit, { id, record, live }: InSession): Response {
  const last = visit.request.headers.get("last-event-id") ?? undefined;
  const resumed = last !== undefined && isOfCall(last) ? kept.find(live, last) : undefined;
  if (last !== undefined && isOfCall(last) && resumed === undefined) return refusal(400, CODE.server, GONE);

  const held = sessions.hold(visit.sessionId, id);
  const gone = new AbortController();
  const outlet = createOutlet({
    onEnd() {
      held[Symbol.dispose]();
      gone.abort();
      const place = live.outlets.indexOf(outlet);
      if (place !== -1) live.outlets.splice(place, 1);
      visit.ended();
    },
  });
  visit.stay(() => outlet.end());
  if (resumed === undefined) {
    live.listen(outlet);
    void tellChanges(last).catch((error: unknown) => {
      log.warn({ error: String(error), mcpSession: id.slice(0, 8) }, "changes cannot be followed");
      outlet.end();
    });
  } else resumed.stream.resume(resumed.after, outlet);
  return new Response(outlet.body, { headers: STREAM_HEADERS });

  async function tellChanges(after: string | undefined): Promise<void> {
    const follow = visit.serving.follow;
    if (follow === undefined) return;
    for await (const change of follow({ visit, clientName: record.clientInfo.name, after, signal: gone.signal })) {
      const subscribed = (await sessions.find(visit.sessionId, id))?.subscriptions ?? new Set();
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
