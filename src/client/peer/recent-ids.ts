/** The ids that were met last, as many as fit: meeting one again makes it the newest. */

export interface RecentIds {
  has(id: string): boolean;
  /** Remembers it as the newest; the oldest is forgotten when there are too many. */
  meet(id: string): void;
}

export function recentIds(most: number): RecentIds {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    meet(id) {
      ids.delete(id);
      ids.add(id);
      if (ids.size <= most) return;
      const [oldest] = ids;
      if (oldest !== undefined) ids.delete(oldest);
    },
  };
}
