/**
 * When a bridge follows what happens on the session's bus, of which a participant is told nothing: while its host follows a
 * resource that shows some of it, and while the session is joined.
 *
 * No sidecar is started for it. A stream that ended is asked for again, ever more slowly; a session that was left is waited for.
 */
import { delayBefore, pause, type Pace } from "../client/backoff.ts";
import type { BusAddress } from "../client/bus.ts";
import { type BusChange, followBus } from "../client/bus-events.ts";

/** What happened on the bus; undefined: it is not known what. */
export type OnBoard = (changes: readonly BusChange[] | undefined) => void;

export interface BoardNews {
  /** Whether the host follows something of it. */
  want(isWanted: boolean): void;
  /** The session is joined. */
  joined(): void;
  /** Ends it for good. */
  leave(): void;
}

export interface BoardNewsOptions {
  /** Where the session's bus is now, with what lets us in; undefined while the session is not joined. */
  readonly address: () => Promise<Pick<BusAddress, "base" | "token"> | undefined>;
  readonly onBoard: OnBoard;
  /** Between two attempts. */
  readonly pace?: Pace;
}

const PACE: Pace = { firstMs: 200, mostMs: 30_000 };

export function createBoardNews({ address, onBoard, pace = PACE }: BoardNewsOptions): BoardNews {
  let following: AbortController | undefined;
  let hasLeft = false;
  let wake: () => void = () => undefined;

  async function follow(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => wake(), { once: true });
    for (let tried = 0; !signal.aborted; tried += 1) {
      const joins = new Promise<void>((resolve) => (wake = resolve));
      const at = await address().catch(() => undefined);
      if (at === undefined) {
        await joins;
        continue;
      }
      const beganMs = performance.now();
      // What happened before it was followed is not known.
      await followBus(at, { onOpen: () => onBoard(undefined), onChanges: onBoard, signal });
      if (performance.now() - beganMs > pace.mostMs) tried = 0;
      await Promise.race([joins, pause(delayBefore(tried, pace), signal, { idle: true })]);
    }
  }

  return {
    want(isWanted) {
      if (isWanted === (following !== undefined) || hasLeft) return;
      following?.abort();
      following = isWanted ? new AbortController() : undefined;
      if (following !== undefined) void follow(following.signal);
    },
    joined: () => wake(),
    leave() {
      hasLeft = true;
      following?.abort();
      following = undefined;
    },
  };
}
