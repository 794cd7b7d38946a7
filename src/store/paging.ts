/**
 * How a stream is read without holding up the process: page by page, with a turn of the event loop between pages.
 *
 * A reader that is slow keeps its position and the page it stands in, nothing else; what is appended meanwhile waits in the store.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import type { CommitNews } from "./commit-news.ts";
import type { StoredRecord } from "./store.ts";

/** Records taken at once: they may be long, a fold goes through them in one go, and a follower stands in them for as long as it likes. */
const PAGE = 100;

/** What a store can answer at once. Both throw StoreUnavailable when the store is closed. */
export interface PageSource {
  /** The newest durable revision of the stream. */
  head(stream: StreamId): Revision;
  /**
   * The records behind `after` up to `until`, at most `limit` of them, without a gap: at least one, and those before a gap come
   * before it is complained of. `until` is not above the head.
   */
  page(stream: StreamId, after: Revision, until: Revision, limit: number): readonly StoredRecord[];
}

/** The records behind `after` up to the head at the time of this call. */
export function readStream(source: PageSource, stream: StreamId, after: Revision, atOnce = PAGE): AsyncIterable<StoredRecord> {
  return pagesUntil(source, stream, after, headAtCall(source, stream), atOnce);
}

/** The records behind `after` and all later ones, until `signal` fires or the news closes. */
export function followStream(
  source: PageSource,
  news: CommitNews,
  stream: StreamId,
  after: Revision,
  signal: AbortSignal,
): AsyncIterable<StoredRecord> {
  return pagesWithoutEnd(source, news, stream, after, signal, headAtCall(source, stream));
}

/** Looks now and fails later, so that a fault reaches whoever iterates and not whoever calls. */
function headAtCall(source: PageSource, stream: StreamId): () => Revision {
  try {
    const head = source.head(stream);
    return () => head;
  } catch (fault) {
    return () => {
      throw fault;
    };
  }
}

async function* pagesUntil(
  source: PageSource,
  stream: StreamId,
  after: Revision,
  head: () => Revision,
  atOnce: number,
): AsyncGenerator<StoredRecord, void, undefined> {
  const until = head();
  for (let position = after; position < until;) {
    if (position > after) await nextTurn();
    const records = source.page(stream, position, until, atOnce);
    position += records.length;
    yield* records;
  }
}

async function* pagesWithoutEnd(
  source: PageSource,
  news: CommitNews,
  stream: StreamId,
  after: Revision,
  signal: AbortSignal,
  head: () => Revision,
): AsyncGenerator<StoredRecord, void, undefined> {
  head();
  const ended = (): boolean => signal.aborted || news.closed;
  let position = after;
  while (!ended()) {
    const until = source.head(stream);
    if (until <= position) {
      await news.next(stream, signal);
      continue;
    }
    for (const record of source.page(stream, position, until, PAGE)) {
      if (ended()) return;
      position = record.revision;
      yield record;
    }
    await nextTurn();
  }
}
