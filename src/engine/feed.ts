/**
 * The committed records of one stream for somebody who reads at a pace of its own: what is on the log behind a revision,
 * then each later one as it becomes durable, in order, without gap or repeat.
 *
 * A reader that keeps up is handed what the host publishes, the same object that everybody hears. One that falls behind
 * costs a position and a few records: what it has not taken is dropped from memory and read from the log again.
 */
import type { LogRecord, Revision } from "../wire/record.ts";
import type { Engine } from "./engine.ts";
import type { StreamHost } from "./stream-host.ts";

/** Most live records that wait in memory for one reader. */
const MOST_WAITING = 64;

/** Records of the log that are in memory at once for one reader. */
const AT_ONCE = 32;

export interface FeedOptions {
  /** Opened just now, or subscribed to: what nobody subscribes to is dropped after a while. */
  readonly host: Pick<StreamHost<unknown, never, never>, "stream" | "revision" | "subscribe">;
  readonly engine: Pick<Engine, "read">;
  /** Of the last record that the reader has; one that is ahead of the log is waited for. */
  readonly after: Revision;
  /** Ends the feed, and with it everything that is held for its reader. */
  readonly signal: AbortSignal;
}

/**
 * Subscribes at once and keeps the stream live until `signal` fires or the iteration is left.
 *
 * Iterating throws what the store throws when the log cannot be read.
 */
export function feed({ engine, host, after, signal }: FeedOptions): AsyncIterable<LogRecord> {
  let waiting: LogRecord[] = [];
  let wake: () => void = () => undefined;
  const end = (): void => {
    hearing[Symbol.dispose]();
    signal.removeEventListener("abort", end);
    waiting = [];
    wake();
  };
  const hearing = host.subscribe((record) => {
    // What is dropped here lies between the reader's place and the rest, and so the log is read.
    if (waiting.length === MOST_WAITING) waiting = [];
    waiting.push(record);
    wake();
  });
  signal.addEventListener("abort", end);
  if (signal.aborted) end();

  async function* records(): AsyncGenerator<LogRecord, void, undefined> {
    let position = after;
    try {
      while (!signal.aborted) {
        const record = takeBehind(position);
        if (record !== undefined) {
          position = record.revision;
          yield record;
        } else if (host.revision > position) {
          for await (const stored of engine.read(host.stream, position, AT_ONCE)) {
            position = stored.revision;
            yield JSON.parse(stored.text) as LogRecord;
            if (signal.aborted) return;
          }
        } else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      end();
    }
  }

  /** The live record that comes next, if it is here. */
  function takeBehind(position: Revision): LogRecord | undefined {
    while ((waiting[0]?.revision ?? Infinity) <= position) waiting.shift();
    return waiting[0]?.revision === position + 1 ? waiting.shift() : undefined;
  }

  return records();
}
