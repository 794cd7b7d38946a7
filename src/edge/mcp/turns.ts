/**
 * What is to be done for many, in turns that are short however many they are: whoever asks for something else is answered
 * between two of them.
 */

/** Things of one turn: with a write to a socket each, about a millisecond. */
const MOST = 32;

export interface Turns<Thing> {
  /** It has its turn later, and one only, however often it is added until then. */
  add(thing: Thing): void;
}

/** @param work - throws nothing */
export function createTurns<Thing>(work: (thing: Thing) => void, most = MOST): Turns<Thing> {
  const waiting = new Set<Thing>();
  let isComing = false;

  function come(): void {
    if (isComing) return;
    isComing = true;
    setImmediate(turn);
  }

  function turn(): void {
    isComing = false;
    let left = most;
    for (const thing of waiting) {
      if (left === 0) break;
      left -= 1;
      waiting.delete(thing);
      work(thing);
    }
    if (waiting.size > 0) come();
  }

  return {
    add(thing) {
      waiting.add(thing);
      come();
    },
  };
}
