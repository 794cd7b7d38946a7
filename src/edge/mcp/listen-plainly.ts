/** A plain `subscriptions/listen` of 2026-07-28: its stream stands on the socket and on what is followed, and on nothing else. */
import type { PlainListen } from "../../mcp/plain-listen.ts";
import { headersForPage } from "./for-page.ts";
import type { HttpVisit } from "./http-visit.ts";
import { STREAM_HEADERS } from "./legacy/outlet.ts";
import { Listening } from "./listening.ts";
import type { ServedListening } from "./serving.ts";
import { endedBy, type Reason } from "./stays.ts";
import type { Turns } from "./turns.ts";

export interface Ways {
  readonly served: ServedListening;
  readonly turns: Turns<Listening>;
  /** Its place among all who listen. */
  readonly joined: Disposable;
}

/** What changes after it was acknowledged is told. */
export async function listenPlainly(visit: HttpVisit, listen: PlainListen, { served, turns, joined }: Ways): Promise<Response> {
  const { id, clientName } = listen;
  let watching: Disposable | undefined;
  let sentAway: Reason | undefined;
  const stream = new Listening({
    outgoing: visit.outgoing,
    id,
    words: served.words,
    turns,
    onEnd() {
      joined[Symbol.dispose]();
      watching?.[Symbol.dispose]();
      visit.ended();
    },
  });
  visit.stay((reason) => {
    sentAway = reason;
    stream.end();
  });
  if (stream.isOver) visit.ended(); // its client had gone before
  // Where this fails, its answer is another one, and all of the above ends with that.
  watching = await served.watch({ visit, clientName, uris: [...new Set(listen.uris)], tell: (uri) => stream.changed(uri) });
  if (stream.isOver) watching[Symbol.dispose]();
  if (sentAway !== undefined) return endedBy(sentAway);
  stream.begin(listen, { ...STREAM_HEADERS, ...headersForPage(visit.request) });
  return alreadySent();
}

/** Tells the adapter of Hono that the response is written already. Its own constant is one for all, and a page's headers change it. */
function alreadySent(): Response {
  const sent = new Response(null, { headers: { "x-hono-already-sent": "true" } });
  void sent.body; // makes a whole one of the short one that the adapter knows, and would write as it is
  return sent;
}
