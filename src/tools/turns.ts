/** Who goes first where two may not go at once: whoever came first, the next when that one is done. */

/** Runs `work` when nothing else with the same key runs any more. What it throws is its caller's, and the next goes on. */
export type Alone = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>;

export function createTurns(): Alone {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const own = before.then(work);
    const done = own
      .catch(() => undefined)
      .finally(() => {
        if (last.get(key) === done) last.delete(key);
      });
    last.set(key, done);
    return own;
  };
}
