/**
 * The sessions that a hosted sidecar has open: each when the first connection enters it, until the last one has been gone
 * for a while. A session that is not open is where it always is, in its log.
 */
import type { Visit } from "./mpac-edge.ts";
import type { SessionEdge } from "./session-edge.ts";

/** How long a session stays open that nobody visits, in milliseconds: longer than whoever fell silent is waited for. */
const LINGER_MS = 120_000;

export interface Sessions extends Disposable {
  enter(id: string): Promise<Visit>;
  /** Whether somebody has joined that session under this name over a connection that is open. */
  isConnected(id: string, principal: string): boolean;
  /** The process stops: each that is open ends where its policy says so. */
  shutDown(): Promise<void>;
  /** Of the sessions that are open. */
  readonly size: number;
}

interface Open {
  readonly session: Promise<SessionEdge>;
  /** The same once it has opened. */
  opened: SessionEdge | undefined;
  visits: number;
  ending: NodeJS.Timeout | undefined;
}

export function createSessions(open: (id: string) => Promise<SessionEdge>, lingerMs = LINGER_MS): Sessions {
  const sessions = new Map<string, Open>();

  function close(id: string, entry: Open): void {
    clearTimeout(entry.ending);
    if (sessions.get(id) === entry) sessions.delete(id);
    entry.session.then(
      (session) => session[Symbol.dispose](),
      () => undefined, // it never opened
    );
  }

  function begin(id: string): Open {
    const entry: Open = { session: open(id), opened: undefined, visits: 0, ending: undefined };
    sessions.set(id, entry);
    entry.session.then(
      (session) => (entry.opened = session),
      () => close(id, entry), // whoever comes next tries again
    );
    return entry;
  }

  return {
    async enter(id) {
      const entry = sessions.get(id) ?? begin(id);
      clearTimeout(entry.ending);
      entry.visits += 1;
      const session = await entry.session;
      let isOver = false;
      return {
        session,
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          entry.visits -= 1;
          if (entry.visits > 0) return;
          entry.ending = setTimeout(() => close(id, entry), lingerMs);
          entry.ending.unref();
        },
      };
    },
    isConnected: (id, principal) => sessions.get(id)?.opened?.isConnected(principal) ?? false,
    async shutDown() {
      await Promise.all([...sessions.values()].flatMap(({ opened }) => opened?.shutDown() ?? []));
    },
    get size() {
      return sessions.size;
    },
    [Symbol.dispose]() {
      for (const [id, entry] of sessions) close(id, entry);
    },
  };
}
