/** Who holds which keys: exact texts, found without looking at any other. */

export interface KeyIndex {
  /** How many keys are held. */
  readonly size: number;
  add(id: string, keys: Iterable<string>): void;
  remove(id: string, keys: Iterable<string>): void;
  holders(key: string): Iterable<string>;
}

export function createKeyIndex(): KeyIndex {
  /** Most keys have one holder and no use for a set. */
  const byKey = new Map<string, string | Set<string>>();

  return {
    get size() {
      return byKey.size;
    },
    add(id, keys) {
      for (const key of keys) {
        const holders = byKey.get(key);
        if (holders === undefined) byKey.set(key, id);
        else if (typeof holders !== "string") holders.add(id);
        else if (holders !== id) byKey.set(key, new Set([holders, id]));
      }
    },
    remove(id, keys) {
      for (const key of keys) {
        const holders = byKey.get(key);
        if (holders === id) byKey.delete(key);
        if (typeof holders !== "object") continue;
        holders.delete(id);
        if (holders.size === 0) byKey.delete(key);
      }
    },
    holders(key) {
      const holders = byKey.get(key) ?? [];
      return typeof holders === "string" ? [holders] : holders;
    },
  };
}
