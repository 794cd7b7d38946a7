/** A word on stderr for a person who waits. */

/** Milliseconds after which a wait is worth a word. */
const LONG_MS = 2_000;

/** Does `work`, and says `doing` on stderr when it takes more than two seconds. */
export async function withProgress<Result>(doing: string, work: Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => process.stderr.write(`… ${doing}\n`), LONG_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
