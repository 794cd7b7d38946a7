/** Who is woken when a stream has grown: the followers of one process, told after the records are durable. */
import type { StreamId } from "../wire/ids.ts";

export interface CommitNews {
  readonly closed: boolean;
  /** Wakes everybody who waits for `stream`. It carries no record: whoever wakes reads from its own position. */
  announce(stream: StreamId): void;
  /** Resolves at the next announcement of `stream`, when `signal` fires, or when the news closes. */
  next(stream: StreamId, signal: AbortSignal): Promise<void>;
  /** Wakes everybody for the last time. */
  close(): void;
}

export function commitNews(): CommitNews {
  const waiting = new Map<StreamId, Set<() => void>>();
  let closed = false;

  function announce(stream: StreamId): void {
    const woken = waiting.get(stream);
    waiting.delete(stream);
    for (const wake of woken ?? []) wake();
  }

  return {
    get closed() {
      return closed;
    },
    announce,
    next(stream, signal) {
      if (closed || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wakes = waiting.get(stream) ?? new Set();
        waiting.set(stream, wakes);
        const wake = (): void => {
          signal.removeEventListener("abort", wake);
          wakes.delete(wake);
          resolve();
        };
        wakes.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
    close() {
      closed = true;
      for (const stream of waiting.keys()) announce(stream);
    },
  };
}
