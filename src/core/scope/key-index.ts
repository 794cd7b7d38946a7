/** Who holds which keys: exact texts, found without looking at any other. */

export interface KeyIndex {
  /** How many keys are held. */
  readonly size: number;
  add(id: string, keys: Iterable<string>): void;
  remove(id: string, keys: Iterable<string>): void;
  holders(key: string): Iterable<string>;
}

export function createKeyIndex(): KeyIndex {
  const byKey = new Map<string, Set<string>>();

  return {
    get size() {
      return byKey.size;
    },
    add(id, keys) {
      for (const key of keys) {
        const holders = byKey.get(key);
        if (holders === undefined) byKey.set(key, new Set([id]));
        else holders.add(id);
      }
    },
    remove(id, keys) {
      for (const key of keys) {
        const holders = byKey.get(key);
        holders?.delete(id);
        if (holders?.size === 0) byKey.delete(key);
      }
    },
    holders: (key) => byKey.get(key) ?? [],
  };
}
