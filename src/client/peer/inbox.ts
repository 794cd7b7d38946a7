/**
 * The messages that came and that nobody has been shown yet, and which of what comes is to be acknowledged.
 *
 * A broker sends a message again until it is acknowledged, so what is acknowledged has to have been shown, and what was shown
 * is not shown again. An acknowledgement may be lost with its connection; until it is known to have been taken, its message is
 * not forgotten. What does not fit is left to the broker, and with it everything behind it, because messages of one sender keep
 * their order: it comes again when the peer registers anew.
 */
import type { Delivery } from "./frames.ts";
import { recentIds } from "./recent-ids.ts";

/** Ids of shown messages that are remembered beyond what has to be. */
const MOST_SHOWN = 4_096;

/** How much waits here at most. */
const MOST_WAITING = 4_096;
const MOST_WAITING_CHARACTERS = 4_194_304;

export interface Inbox {
  /** Takes in what came. @returns whether it is to be acknowledged at once, having been shown before */
  receive(delivery: Delivery): boolean;
  /** Everything that waits, or the first so many, in the order in which it came. It counts as shown once it was {@link shown}. */
  take(most?: number): readonly Delivery[];
  shown(deliveries: readonly Delivery[]): void;
  /** What was shown and may still come again, by id the key that it is acknowledged by. */
  readonly unconfirmed: ReadonlyMap<string, string>;
  /** The broker has taken their acknowledgements. */
  confirmed(ids: Iterable<string>): void;
  readonly isEmpty: boolean;
  /** Whether something was left to the broker, and so whatever comes next is. */
  readonly leavesMore: boolean;
  /** Whether something was left to the broker, and there is room for it now. */
  readonly wantsMore: boolean;
  /** From now on the broker sends again what was not acknowledged. */
  registered(): void;
}

const sizeOf = ({ envelope: { id, from, source, body } }: Delivery): number => id.length + from.length + source.length + body.length;

export interface InboxOptions {
  readonly mostWaiting?: number;
  readonly mostShown?: number;
}

export function inbox({ mostWaiting = MOST_WAITING, mostShown = MOST_SHOWN }: InboxOptions = {}): Inbox {
  const seen = recentIds(mostShown);
  const unconfirmed = new Map<string, string>();
  const waiting = new Map<string, Delivery>();
  /** Taken, and on the way to whoever reads it. */
  const leaving = new Set<string>();
  let characters = 0;
  let leftSome = false;

  /** One message always fits. */
  const fits = (size: number): boolean =>
    waiting.size === 0 || (waiting.size < mostWaiting && characters + size <= MOST_WAITING_CHARACTERS);

  return {
    receive(delivery) {
      const { id } = delivery.envelope;
      if (unconfirmed.has(id)) return true;
      if (seen.has(id)) {
        seen.meet(id);
        return true;
      }
      if (waiting.has(id) || leaving.has(id)) return false;
      if (leftSome || !fits(sizeOf(delivery))) leftSome = true;
      else {
        waiting.set(id, delivery);
        characters += sizeOf(delivery);
      }
      return false;
    },
    take(most = Number.POSITIVE_INFINITY) {
      const taken: Delivery[] = [];
      for (const delivery of waiting.values()) {
        if (taken.length >= most) break;
        taken.push(delivery);
      }
      for (const delivery of taken) {
        waiting.delete(delivery.envelope.id);
        leaving.add(delivery.envelope.id);
        characters -= sizeOf(delivery);
      }
      return taken;
    },
    shown(deliveries) {
      for (const { key, envelope } of deliveries) {
        leaving.delete(envelope.id);
        unconfirmed.set(envelope.id, key);
      }
    },
    unconfirmed,
    confirmed(ids) {
      for (const id of ids) {
        unconfirmed.delete(id);
        seen.meet(id);
      }
    },
    get isEmpty() {
      return waiting.size === 0;
    },
    get leavesMore() {
      return leftSome;
    },
    get wantsMore() {
      return leftSome && waiting.size === 0 && leaving.size === 0;
    },
    registered() {
      leftSome = false;
    },
  };
}
