/**
 * How many streams of subscriptions are open, and how much is kept of what they said: so much in one process, and of one caller
 * half of that, so that nobody alone fills it.
 */

const MOST_STREAMS = 10_000;

/** Bytes that are kept for all of them. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Bytes that a resource takes beside its address, whose own it may be. */
const BYTES_OF_RESOURCE = 256;

/** What somebody wants to listen to. */
export interface Wanted {
  /** Of the message that says so: any part of it may be as long as it can be. */
  readonly bytes: number;
  readonly resources: number;
}

export interface Listeners {
  /** One more of this caller's, until it is disposed of; undefined where there is no room. */
  join(caller: string, wanted: Wanted): Disposable | undefined;
}

/** What is taken, of all or of one caller. */
interface Taken {
  streams: number;
  bytes: number;
}

export function createListeners({ mostStreams = MOST_STREAMS, mostBytes = MOST_BYTES } = {}): Listeners {
  const ofCallers = new Map<string, Taken>();
  const all: Taken = { streams: 0, bytes: 0 };

  const fits = ({ streams, bytes }: Taken, more: number, share: number): boolean =>
    streams < mostStreams / share && bytes + more <= mostBytes / share;

  return {
    join(caller, { bytes, resources }) {
      const weight = bytes + resources * BYTES_OF_RESOURCE;
      const own = ofCallers.get(caller) ?? { streams: 0, bytes: 0 };
      if (!fits(all, weight, 1) || !fits(own, weight, 2)) return undefined;
      ofCallers.set(caller, own);
      for (const taken of [all, own]) {
        taken.streams += 1;
        taken.bytes += weight;
      }
      let isOpen = true;
      return {
        [Symbol.dispose]() {
          if (!isOpen) return;
          isOpen = false;
          for (const taken of [all, own]) {
            taken.streams -= 1;
            taken.bytes -= weight;
          }
          if (own.streams === 0) ofCallers.delete(caller);
        },
      };
    },
  };
}
