/**
 * How much is kept in memory of bodies that are still coming, or whose sender waits: a bound for each who sends, and one for all.
 *
 * What is short has a room of its own, as large as that of the others. Who sends long ones slowly fills its own share, and nobody else
 * waits for it, nor does what is short of its own.
 */
import { totalmem } from "node:os";

/** What has come up to here is short. */
const SHORT_BYTES = 64 * 1024;

const MIB = 1024 * 1024;

/** Of a small machine a quarter of its memory is taken, and as much as lets one sender have the longest body of all at once. */
const [LEAST_OF_ALL, MOST_OF_ALL] = [96 * MIB, 512 * MIB];

/** @param memory - bytes that this process may have */
export function roomIn(memory: number): { readonly maxOfOne: number; readonly maxOfAll: number } {
  const maxOfAll = Math.max(LEAST_OF_ALL, Math.min(memory / 4, MOST_OF_ALL));
  return { maxOfOne: Math.min(128 * MIB, maxOfAll / 2), maxOfAll };
}

/** Zero of the second where nobody has set a bound. */
const ROOM = roomIn(Math.min(totalmem(), process.constrainedMemory() || Infinity));

/** One body, until it is disposed of. */
export interface Claim extends Disposable {
  /** Whether there is room for so much of it. */
  holds(bytes: number): boolean;
}

export interface ReadingRoom {
  /** @param sender - whose room it takes */
  claim(sender: string): Claim;
}

export function createReadingRoom({ maxOfOne = ROOM.maxOfOne, maxOfAll = ROOM.maxOfAll, shortBytes = SHORT_BYTES } = {}): ReadingRoom {
  const [short, long] = [createShares(maxOfOne, maxOfAll), createShares(maxOfOne, maxOfAll)];

  return {
    claim(sender) {
      let held = 0;
      let within = short;
      return {
        holds(bytes) {
          const next = bytes <= shortBytes ? short : long;
          if (!next.take(sender, next === within ? bytes - held : bytes)) return false;
          if (next !== within) within.give(sender, held);
          within = next;
          held = bytes;
          return true;
        },
        [Symbol.dispose]() {
          within.give(sender, held);
          held = 0;
        },
      };
    },
  };
}

function createShares(maxOfOne: number, maxOfAll: number) {
  const taken = new Map<string, number>();
  let all = 0;

  function give(sender: string, bytes: number): void {
    all -= bytes;
    const own = (taken.get(sender) ?? 0) - bytes;
    if (own === 0) taken.delete(sender);
    else taken.set(sender, own);
  }

  return {
    give,
    /** False where there is no room for so many more. */
    take(sender: string, bytes: number): boolean {
      if ((taken.get(sender) ?? 0) + bytes > maxOfOne || all + bytes > maxOfAll) return false;
      give(sender, -bytes);
      return true;
    },
  };
}
