/** Sentences that wait for the next tool result, because nobody asks a bridge what happened meanwhile. */

/** More than these are not kept: the oldest give way. */
const MOST = 20;

export interface Notices {
  /** One sentence; the same one waits only once. */
  readonly tell: (sentence: string) => void;
  /** What waits, which then waits no more. */
  readonly take: () => readonly string[];
}

export function createNotices(): Notices {
  let waiting: string[] = [];
  return {
    tell(sentence) {
      waiting = [...waiting.filter((other) => other !== sentence), sentence].slice(-MOST);
    },
    take() {
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}
