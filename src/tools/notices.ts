/** Sentences that wait for the next tool result, because nobody asks a bridge what happened meanwhile. */

/** More than these are not kept: the oldest give way. */
const MOST = 20;

/** The same, of things that may come to be told: a participant waits 16 times at most, and may have sub-agents. */
const MOST_EXPECTED = 100;

export interface Notices {
  /** One sentence; the same one waits only once. */
  readonly tell: (sentence: string) => void;
  /**
   * One sentence that is told when it has become true, in place of what else was expected about the same thing.
   *
   * @param isTrue - asked with each result; without it the sentence is true now
   */
  readonly expect: (about: string | object, sentence: string, isTrue?: () => boolean) => void;
  /** Nobody has to be told of that any more. Gives whether it waited still. */
  readonly forget: (about: string | object) => boolean;
  /** How many results have taken what waited: whether its reader has called since is told by it. */
  readonly taken: number;
  /** What waits, which then waits no more. */
  readonly take: () => readonly string[];
}

interface Expected {
  readonly sentence: string;
  readonly isTrue: () => boolean;
}

export function createNotices(): Notices {
  let waiting: string[] = [];
  const expected = new Map<string | object, Expected>();
  let taken = 0;
  return {
    tell(sentence) {
      waiting = [...waiting.filter((other) => other !== sentence), sentence].slice(-MOST);
    },
    expect(about, sentence, isTrue = () => true) {
      expected.delete(about);
      expected.set(about, { sentence, isTrue });
      const [oldest] = expected.keys();
      if (expected.size > MOST_EXPECTED && oldest !== undefined) expected.delete(oldest);
    },
    forget: (about) => expected.delete(about),
    get taken() {
      return taken;
    },
    take() {
      taken += 1;
      const told = waiting;
      waiting = [];
      if (expected.size === 0) return told;
      const due = [...expected].filter(([, { isTrue }]) => isTrue());
      for (const [about] of due) expected.delete(about);
      return [...new Set([...told, ...due.map(([, { sentence }]) => sentence)])];
    },
  };
}
