/**
 * How much of bodies that are still coming is kept in memory: a bound for each who sends, and one for all of them.
 *
 * What is short always fits. Who sends long ones slowly fills its own share, and nobody else waits for it.
 */

/** As a claim that has come up to here takes no room. */
const SHORT_BYTES = 64 * 1024;

/** Bytes of one sender's bodies: two of the longest at once, and some more. */
const MAX_OF_ONE = 128 * 1024 * 1024;

/** Bytes of all. */
const MAX_OF_ALL = 512 * 1024 * 1024;

/** One body, until it is disposed of. */
export interface Claim extends Disposable {
  /** Whether there is room for so much of it. */
  holds(bytes: number): boolean;
}

export interface ReadingRoom {
  /** @param sender - whose room it takes */
  claim(sender: string): Claim;
}

export function createReadingRoom({ maxOfOne = MAX_OF_ONE, maxOfAll = MAX_OF_ALL, shortBytes = SHORT_BYTES } = {}): ReadingRoom {
  const taken = new Map<string, number>();
  let all = 0;

  function change(sender: string, bytes: number): void {
    all += bytes;
    const own = (taken.get(sender) ?? 0) + bytes;
    if (own === 0) taken.delete(sender);
    else taken.set(sender, own);
  }

  return {
    claim(sender) {
      let held = 0;
      return {
        holds(bytes) {
          if (bytes <= shortBytes) return true;
          const more = bytes - held;
          if ((taken.get(sender) ?? 0) + more > maxOfOne || all + more > maxOfAll) return false;
          held = bytes;
          change(sender, more);
          return true;
        },
        [Symbol.dispose]() {
          if (held > 0) change(sender, -held);
          held = 0;
        },
      };
    },
  };
}
