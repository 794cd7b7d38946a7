/**
 * Whether what a kept stream says got to its client, which may lose the response that carries it and come back for the rest: then it
 * got there by the one in which its client reads on. Whoever does not come back for a while comes no more.
 */
import type { Settle } from "../../../tools/ports/settle.ts";

/** How long a client that lost its stream may take to come back, in milliseconds: the SDK's come after one second, twice. */
const PATIENCE_MS = 30_000;

/** A response that carries a stream. */
export interface Carrier {
  /** Tells, once, whether what is about to be said has left by it. */
  leaves(hear: Settle): void;
}

export interface WayBack {
  /** As `Visit.onLeft`, by whichever response. */
  onLeft(hear: Settle): void;
  /** The client reads on here. */
  goOn(by: Carrier): void;
  /** The stream is kept no more: nobody can come back. */
  close(): void;
}

export interface WayBackOptions {
  /** The client did not come back. */
  readonly onGivenUp: () => void;
  readonly patienceMs?: number;
}

export function createWayBack(first: Carrier, { onGivenUp, patienceMs = PATIENCE_MS }: WayBackOptions): WayBack {
  let carrier = first;
  let isClosed = false;
  /** Who wants to know of an answer whose response was lost. */
  let waiting: Settle[] = [];
  let timer: NodeJS.Timeout | undefined;

  function onLeft(hear: Settle): void {
    const by = carrier;
    by.leaves((left) => {
      if (left) return hear(true);
      if (by !== carrier) onLeft(hear);
      else if (isClosed) hear(false);
      else {
        waiting.push(hear);
        timer ??= setTimeout(onGivenUp, patienceMs).unref();
      }
      return undefined;
    });
  }

  function taken(): readonly Settle[] {
    clearTimeout(timer);
    timer = undefined;
    const hearers = waiting;
    waiting = [];
    return hearers;
  }

  return {
    onLeft,
    goOn(by) {
      carrier = by;
      for (const hear of taken()) onLeft(hear);
    },
    close() {
      isClosed = true;
      for (const hear of taken()) hear(false);
    },
  };
}
