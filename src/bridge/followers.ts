/**
 * Which resources the host follows, and when it hears that one of them says something else.
 *
 * Before 2026-07-28 a host names each resource; since then it listens with a list, and says when it has heard enough. What
 * changes in quick succession is told once: a host reads the resource anyway.
 */

/** How long changes are gathered, in milliseconds. */
const GATHER_MS = 100;

export interface Followers {
  /** In the era in which each is named. */
  subscribe(uri: string): void;
  unsubscribe(uri: string): void;
  /** @param id - of the request that listens */
  listen(id: string | number, uris: readonly string[]): void;
  /** The request of this id is over, whatever it was. */
  over(id: string | number): void;
  /** @param about - whether a resource may say something else now */
  changed(about: (uri: string) => boolean): void;
  /** Whether something of this kind is followed. */
  isFollowed(kind: (uri: string) => boolean): boolean;
}

/**
 * @param tell - is given each resource once, in each time of gathering
 * @param onFollowing - other ones may be followed now
 */
export function createFollowers(tell: (uri: string) => void, onFollowing: () => void = () => undefined): Followers {
  const named = new Set<string>();
  const listening = new Map<string | number, readonly string[]>();
  let gathered = new Set<string>();

  function flush(): void {
    const now = gathered;
    gathered = new Set();
    for (const uri of now) tell(uri);
  }

  const followed = (): string[] => [...named, ...[...listening.values()].flat()];

  return {
    subscribe(uri) {
      named.add(uri);
      onFollowing();
    },
    unsubscribe(uri) {
      if (named.delete(uri)) onFollowing();
    },
    listen(id, uris) {
      listening.set(id, uris);
      onFollowing();
    },
    over(id) {
      if (listening.delete(id)) onFollowing();
    },
    isFollowed: (kind) => followed().some((uri) => kind(uri)),
    changed(about) {
      const isFirst = gathered.size === 0;
      for (const uri of followed()) if (about(uri)) gathered.add(uri);
      if (isFirst && gathered.size > 0) setTimeout(flush, GATHER_MS).unref();
    },
  };
}
