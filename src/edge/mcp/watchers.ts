/**
 * Those who are told of single resources of one session, who may be thousands: what changed is worked out once for each resource
 * that somebody follows, and once for each name that has an inbox.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "../../log.ts";
import { PARTS, type Place } from "./cursor.ts";
import type { FollowedSession, Since } from "./followed-session.ts";
import { isAbout } from "./gathered.ts";
import type { Watcher } from "./ports.ts";
import { URIS } from "./touches.ts";

/** Resources that are looked at in one turn: about a millisecond of them. */
const MOST_LOOKED_AT = 256;

export interface Watchers {
  add(watcher: Watcher): Promise<Disposable>;
}

interface Standing {
  readonly watcher: Watcher;
  /** What it knows already. */
  readonly from: Place;
}

/** @param onEmpty - nobody is left of those who were added */
export function createWatchers(session: FollowedSession, log: Log, onEmpty: () => void): Watchers {
  const byUri = new Map<string, Set<Standing>>();
  /** How many there are, with those that are on the way in. */
  let count = 0;
  /** Up to which everybody has been told. */
  let place: Place | undefined;
  let isTouched = false;
  let isLooking = false;
  const hearing = session.hear(() => {
    isTouched = true;
    if (!isLooking) void look();
  });

  async function look(): Promise<void> {
    isLooking = true;
    while (isTouched && place !== undefined) {
      isTouched = false;
      // What could not be read is told with what comes next.
      place = await tellBehind(place).catch((error: unknown) => {
        log.warn({ error: String(error) }, "changes cannot be followed");
        return place;
      });
    }
    isLooking = false;
  }

  async function tellBehind(before: Place): Promise<Place> {
    const since = await session.since(before);
    const change = since.gathered.changed(undefined, session.settings);
    let looked = 0;
    for (const [uri, standings] of byUri) {
      looked += 1;
      if (looked % MOST_LOOKED_AT === 0) await nextTurn();
      if (uri === URIS.inbox) tellOfInboxes(standings, since);
      else if (change !== undefined && isAbout(change, uri)) tell(standings, uri, since);
    }
    return since.place;
  }

  function leave(standing: Standing): void {
    for (const uri of standing.watcher.uris) {
      const standings = byUri.get(uri);
      standings?.delete(standing);
      if (standings?.size === 0) byUri.delete(uri);
    }
    goOut();
  }

  function goOut(): void {
    count -= 1;
    if (count > 0) return;
    hearing[Symbol.dispose]();
    onEmpty();
  }

  return {
    async add(watcher) {
      count += 1;
      try {
        await session.ready;
      } catch (error) {
        goOut();
        throw error;
      }
      const from = session.heads();
      place ??= from;
      const standing: Standing = { watcher, from };
      for (const uri of watcher.uris) byUri.set(uri, (byUri.get(uri) ?? new Set()).add(standing));
      let isIn = true;
      return {
        [Symbol.dispose]() {
          if (isIn) leave(standing);
          isIn = false;
        },
      };
    },
  };
}

function tell(standings: ReadonlySet<Standing>, uri: string, { place }: Since): void {
  for (const { watcher, from } of standings) if (isBehind(from, place)) watcher.tell(uri);
}

function tellOfInboxes(standings: ReadonlySet<Standing>, { gathered, place }: Since): void {
  const waits = new Map<string, boolean>();
  for (const { watcher, from } of standings) {
    const { principal } = watcher;
    if (principal === undefined || !isBehind(from, place)) continue;
    const isFor = waits.get(principal) ?? gathered.isFor(principal);
    waits.set(principal, isFor);
    if (isFor) watcher.tell(URIS.inbox);
  }
}

/** Whether something happened that whoever began there does not know. */
function isBehind(from: Place, place: Place): boolean {
  return PARTS.some((part) => from[part] < place[part]);
}
