/** Who hears of what becomes of a stream: one that breaks costs nobody else what it would have heard. */
import type { StreamId } from "../wire/ids.ts";
import type { LogRecord } from "../wire/record.ts";
import type { Log } from "./log.ts";

export interface Subscribers {
  readonly isEmpty: boolean;
  /** Hears every record that is published from now on. */
  add(hear: (record: LogRecord) => void): Disposable;
  publish(record: LogRecord): void;
  /** Tells somebody who is none of them, in the same way. */
  tell(listen: () => void): void;
}

export function createSubscribers(stream: StreamId, log: Log): Subscribers {
  const subscribers = new Set<(record: LogRecord) => void>();

  function tell(listen: () => void): void {
    try {
      listen();
    } catch (error) {
      log.error({ stream, error: String(error) }, "listener broke");
    }
  }

  return {
    get isEmpty() {
      return subscribers.size === 0;
    },
    add(hear) {
      subscribers.add(hear);
      return { [Symbol.dispose]: () => void subscribers.delete(hear) };
    },
    publish(record) {
      for (const hear of subscribers) tell(() => hear(record));
    },
    tell,
  };
}
