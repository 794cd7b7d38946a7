/**
 * Waiting for something that the coordinator will say: a word on a claim, a task that begins by itself.
 *
 * What stands is looked at again whenever anything was heard, or the connection was made again, so that nothing is missed
 * that was said while nobody listened.
 */
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import type { Wait } from "./ports/session.ts";

/** What a participant hears of a message, over whichever way it came. */
export type Heard = Pick<InboundEnvelope, "message_type" | "sender" | "payload">;

export interface Hearing {
  /** Something was heard; nothing when what was missed may stand now. */
  readonly hear: (heard?: Heard) => void;
  /** The first answer that `look` finds, now or at something heard; undefined when the wait is over. */
  until<Found>(look: (heard: Heard | undefined) => Found | undefined, wait: Wait): Promise<Found | undefined>;
}

export function createHearing(): Hearing {
  const listeners = new Set<(heard: Heard | undefined) => void>();
  return {
    hear(heard) {
      for (const listen of listeners) listen(heard);
    },
    until<Found>(look: (heard: Heard | undefined) => Found | undefined, { limitMs, signal }: Wait) {
      const standing = look(undefined);
      if (standing !== undefined || signal?.aborted === true) return Promise.resolve(standing);
      return new Promise<Found | undefined>((resolve) => {
        const listen = (heard: Heard | undefined): void => {
          const found = look(heard);
          if (found !== undefined) end(found);
        };
        const giveUp = (): void => end(undefined);
        const timer = setTimeout(giveUp, limitMs);
        timer.unref(); // who has left waits for nothing
        const end = (found: Found | undefined): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", giveUp);
          listeners.delete(listen);
          resolve(found);
        };
        listeners.add(listen);
        signal?.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}
