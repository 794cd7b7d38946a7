/**
 * How long what is said to everybody waits for what is said next: the more listeners, the longer.
 *
 * What telling costs is the write to each listener's socket, here and in each client. Of sixty-four announcements to
 * sixty-four participants each is heard sixty-four times, and with a write for each that is all that a sidecar does.
 * With a few listeners nothing waits; whoever is answered gets what waits for it with the answer.
 */
import type { Connection } from "./connection.ts";
import { createFrameBlock } from "./frame-block.ts";

/** About what a write costs, here and at its reader, in milliseconds. */
const WRITE_MS = 0.05;

/** Nothing that is not worth a timer waits. */
const SHORTEST_MS = 1;

/** No news is older than this when it leaves, in milliseconds. */
const LONGEST_MS = 5;

export type Listener = Pick<Connection, "sendFrame" | "queueFrame" | "flush">;

export interface Crowd extends Disposable {
  /** Sends one frame to each of them but one, soon. */
  tell(listeners: Iterable<Listener>, frame: Buffer, except?: Listener): void;
}

/** @param size - how many listen */
export function createCrowd(size: () => number): Crowd {
  let waiting: Listener[] = [];
  const behindTheLast = createFrameBlock();
  let timer: NodeJS.Timeout | undefined;

  function leave(): void {
    timer = undefined;
    const all = waiting;
    waiting = [];
    for (const connection of all) connection.flush();
  }

  return {
    tell(listeners, frame, except) {
      const waitMs = Math.min(Math.floor(size() * WRITE_MS), LONGEST_MS);
      if (waitMs < SHORTEST_MS) {
        for (const connection of listeners) if (connection !== except) connection.sendFrame(frame);
        return;
      }
      timer ??= setTimeout(leave, waitMs);
      const shared = behindTheLast(frame);
      for (const connection of listeners) {
        if (connection !== except && connection.queueFrame(shared)) waiting.push(connection);
      }
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      leave();
    },
  };
}
