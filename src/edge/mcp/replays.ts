/**
 * Which signatures were taken already: each is good for one request.
 *
 * They are kept for as long as they could be shown again, so many for each key, and nowhere but here. Who signs more than are
 * kept is refused for a while: none is forgotten early.
 */

/** Signatures of one key that are kept: what a stranger may ask at its rate in the time that they are good for. */
const MOST = 65_536;

export type Taken = "first" | "again" | { readonly fullForMs: number };

export interface Replays {
  /**
   * @param mark - tells this signature from others of its key
   * @param untilMs - until when it could be shown again
   */
  take(keyId: string, mark: string, untilMs: number): Taken;
  /** Whether it was taken, and nobody is to take it again. */
  has(keyId: string, mark: string): boolean;
}

export function createReplays(nowMs: () => number, most = MOST): Replays {
  const byKey = new Map<string, Map<string, number>>();
  return {
    has: (keyId, mark) => byKey.get(keyId)?.has(mark) === true,
    take(keyId, mark, untilMs) {
      const kept = byKey.get(keyId) ?? new Map<string, number>();
      byKey.set(keyId, kept);
      const now = nowMs();
      // In the order in which they came: what is over behind one that is not waits for it.
      for (const [oldest, until] of kept) {
        if (until >= now) break;
        kept.delete(oldest);
      }
      if (kept.has(mark)) return "again";
      const [first] = kept.size < most ? [] : kept.values();
      if (first !== undefined) return { fullForMs: first - now };
      kept.set(mark, untilMs);
      return "first";
    },
  };
}
