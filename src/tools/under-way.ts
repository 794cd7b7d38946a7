/** Which things calls are under way about: their answers tell of them, so nothing else need. */

export interface UnderWay {
  has(id: string): boolean;
  /** Counts until the work is done, whatever becomes of it. */
  during<Result>(id: string, work: () => Promise<Result>): Promise<Result>;
}

export function createUnderWay(): UnderWay {
  const counts = new Map<string, number>();

  function count(id: string, more: 1 | -1): void {
    const now = (counts.get(id) ?? 0) + more;
    if (now === 0) counts.delete(id);
    else counts.set(id, now);
  }

  return {
    has: (id) => counts.has(id),
    async during(id, work) {
      count(id, 1);
      try {
        return await work();
      } finally {
        count(id, -1);
      }
    },
  };
}
