/** A word on stderr for a person who waits. */

/** Milliseconds after which a wait is worth a word. */
const LONG_MS = 2_000;

export interface Progress extends Disposable {
  at(done: number, total: number): void;
}

/** Says on stderr every two seconds how much is done, such as `… 40000 of 120000 records checked`. */
export function progressOf(what: string): Progress {
  let now = { done: 0, total: 0 };
  const timer = setInterval(() => process.stderr.write(`… ${now.done} of ${now.total} ${what}\n`), LONG_MS);
  return {
    at(done, total) {
      now = { done, total };
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Does `work`, and says `doing` on stderr when it takes more than two seconds. */
export async function withProgress<Result>(doing: string, work: Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => process.stderr.write(`… ${doing}\n`), LONG_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
