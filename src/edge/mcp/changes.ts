/**
 * From the logs of a session to the resources that say something else now, for everybody who follows it.
 *
 * The logs of a followed session are read once, however many follow it, and nothing is kept of a session that nobody follows.
 * A follower that comes back says where it was; one that was there in another life of the log, which somebody put back since, is
 * told that everything may have changed: a refusal would only have it ask again, with the same place.
 */
import { SessionId } from "../../wire/ids.ts";
import { cursorOf, PARTS, type Place, placeOf } from "./cursor.ts";
import { type FollowedSession, followSession, type Logs } from "./followed-session.ts";
import { createGathered, type Gathered } from "./gathered.ts";
import type { Change, Changes } from "./ports.ts";
import { createWatchers, type Watchers } from "./watchers.ts";

/** A cursor that nobody here has given out. */
export class BadCursor extends Error {
  override readonly name = "BadCursor";
  readonly code = "changes/bad-cursor";

  constructor() {
    super("this is no place in the logs of the session; leave Last-Event-ID out, and read anew what you follow");
  }
}

export function createChanges(logs: Logs): Changes {
  const followed = new Map<string, FollowedSession>();
  const watched = new Map<string, Watchers>();

  /** The session as everybody follows it, until the last of them leaves. */
  function enter(sessionId: string): FollowedSession {
    const session = followed.get(sessionId) ?? followSession(SessionId.parse(sessionId), logs);
    followed.set(sessionId, session);
    return session;
  }

  function leave(sessionId: string, session: FollowedSession): void {
    if (session.isHeard) return;
    session[Symbol.dispose]();
    if (followed.get(sessionId) === session) followed.delete(sessionId);
  }

  function watchersOf(sessionId: string, session: FollowedSession): Watchers {
    const standing = watched.get(sessionId);
    if (standing !== undefined) return standing;
    const watchers = createWatchers(session, logs.log, () => {
      watched.delete(sessionId);
      leave(sessionId, session);
    });
    watched.set(sessionId, watchers);
    return watchers;
  }

  return {
    watch: (sessionId, watcher) => watchersOf(sessionId, enter(sessionId)).add(watcher),
    follow(sessionId, principal, after, signal) {
      const from = after === undefined ? undefined : placeOf(after);
      if (after !== undefined && from === undefined) throw new BadCursor();
      const session = enter(sessionId);
      let wake: () => void = () => undefined;
      const hearing = session.hear(() => wake());
      const end = (): void => {
        signal.removeEventListener("abort", end);
        hearing[Symbol.dispose]();
        leave(sessionId, session);
        wake();
      };
      signal.addEventListener("abort", end);
      if (signal.aborted) end();

      async function* changes(): AsyncGenerator<Change, void, undefined> {
        try {
          await session.ready;
          const heads = session.heads();
          const isElsewhere = from !== undefined && PARTS.some((part) => from[part] > heads[part]);
          let place: Place = from === undefined || isElsewhere ? heads : from;
          for (let round = 0; !signal.aborted; round += 1) {
            const news = new Promise<void>((resolve) => (wake = resolve));
            const since = round === 0 && isElsewhere ? { gathered: everything(), place } : await session.since(place);
            place = since.place;
            const changed = since.gathered.changed(principal, session.settings);
            if (signal.aborted) return;
            if (changed !== undefined || round === 0) yield { uris: [], ...changed, cursor: cursorOf(place) };
            else await news;
          }
        } finally {
          end();
        }
      }
      return changes();
    },
  };
}

function everything(): Gathered {
  const gathered = createGathered();
  gathered.addEverything();
  return gathered;
}
