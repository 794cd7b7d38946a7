/**
 * How much is kept of what the clients of 2025 follow, in memory and on the log: so much in one process, and for one credential
 * half of that, so that nobody alone fills it.
 */
import type { McpSession } from "../../core/mcp/read.ts";

/** Characters that are kept for all of them. */
const MOST = 128 * 1024 * 1024;

/** Characters that a resource takes beside its address. */
const OF_RESOURCE = 256;

export interface Followings {
  /** What a session follows now; nothing when it has ended. */
  note(idHash: string, session: McpSession | undefined): void;
  /** Whether there is room for one more resource in a session of that credential. */
  hasRoom(fingerprint: string | null, uri: string): boolean;
}

export function createFollowings(most = MOST): Followings {
  const sessions = new Map<string, { readonly fingerprint: string | null; readonly length: number }>();
  const owned = new Map<string | null, number>();
  let all = 0;

  function change(fingerprint: string | null, by: number): void {
    all += by;
    const own = (owned.get(fingerprint) ?? 0) + by;
    if (own === 0) owned.delete(fingerprint);
    else owned.set(fingerprint, own);
  }

  return {
    note(idHash, session) {
      const before = sessions.get(idHash);
      if (before !== undefined) change(before.fingerprint, -before.length);
      sessions.delete(idHash);
      if (session === undefined || session.subscriptions.size === 0) return;
      const { fingerprint, subscriptions } = session;
      let length = 0;
      for (const uri of subscriptions) length += uri.length + OF_RESOURCE;
      sessions.set(idHash, { fingerprint, length });
      change(fingerprint, length);
    },
    hasRoom(fingerprint, uri) {
      const more = uri.length + OF_RESOURCE;
      return all + more <= most && (owned.get(fingerprint) ?? 0) + more <= most / 2;
    },
  };
}
