/**
 * The logs of one session, followed for as many as want to hear of them.
 *
 * A log that is there is opened and stays open, so that what falls due in it is told in time. One that is not there is not made
 * by looking: it is followed as soon as somebody else has made it.
 */
import type { BoardState } from "../../core/board/read.ts";
import type { MailState } from "../../core/mail/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../log.ts";
import { type SessionId, streamOf } from "../../wire/ids.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import { isSame, PARTS, type Part, type Place } from "./cursor.ts";
import { type FollowedHost, type FollowedLog, followLog } from "./followed-log.ts";
import { createGathered, type Gathered } from "./gathered.ts";
import { type Standing, touchesOfSession } from "./session-touches.ts";
import { touchesOfBoard, touchesOfMail } from "./touches.ts";
import { createTurns } from "./turns.ts";

/** Where the logs of sessions are. */
export interface Logs {
  readonly engine: Pick<Engine, "read" | "has" | "onLive">;
  /** Each opens a log that is there; it is asked for no other. */
  readonly open: {
    readonly session: (id: SessionId) => Promise<FollowedHost<SessionState>>;
    readonly board: (id: SessionId) => Promise<FollowedHost<BoardState>>;
    readonly mail: (id: SessionId) => Promise<FollowedHost<MailState>>;
  };
  readonly log: Log;
}

export interface Since {
  readonly gathered: Gathered;
  /** Up to which that is. */
  readonly place: Place;
}

export interface FollowedSession extends Disposable {
  /** Every log that was there when following began is followed. */
  readonly ready: Promise<unknown>;
  /** By which paths are compared in it; undefined while it is not there. */
  readonly settings: SessionSettings | undefined;
  readonly isHeard: boolean;
  /** Where each log ends. */
  heads(): Place;
  /** What happened behind a place; the same for all who are there. Throws what reading a log throws. */
  since(after: Place): Promise<Since>;
  /** Hears that something was touched. */
  hear(wake: () => void): Disposable;
}

export function followSession(id: SessionId, { engine, open, log }: Logs): FollowedSession {
  const following = new Map<Part, Promise<void>>();
  const logs = new Map<Part, FollowedLog>();
  const hearers = new Set<() => void>();
  let settings: SessionSettings | undefined;
  let isOver = false;
  /** Nearly all who follow are at the same place when something happens. */
  let latest: { readonly after: Place; readonly heads: Place; readonly since: Promise<Since> } | undefined;

  // Whoever made the change has its answer before those who only hear of it.
  const waking = createTurns<() => void>((wake) => wake());
  const onTouched = (): void => {
    for (const wake of hearers) waking.add(wake);
  };

  const begin: Readonly<Record<Part, () => Promise<FollowedLog>>> = {
    async session() {
      const host = await open.session(id);
      const standing: Standing = new Map();
      const followed = followLog({
        engine,
        host,
        read(record, state) {
          settings = state.settings;
          return touchesOfSession(record, state, standing);
        },
        // What stood before those is not known any more.
        readOld: () => {
          const stood: Standing = new Map();
          return (record, state) => touchesOfSession(record, state, stood);
        },
        onTouched,
      });
      const asOf = host.query((state) => {
        settings = state.settings;
        for (const intentId of state.liveIntents) {
          const intent = state.intents.get(intentId);
          if (intent !== undefined) standing.set(intentId, intent.scope);
        }
      });
      await asOf.catch((error: unknown) => {
        followed[Symbol.dispose]();
        throw error;
      });
      return followed;
    },
    async board() {
      return followLog({ engine, host: await open.board(id), read: touchesOfBoard, readOld: () => touchesOfBoard, onTouched });
    },
    async mail() {
      return followLog({ engine, host: await open.mail(id), read: touchesOfMail, readOld: () => touchesOfMail, onTouched });
    },
  };

  /** A log that cannot be opened keeps nobody from the others. */
  function follow(part: Part): Promise<void> {
    const known = following.get(part);
    if (known !== undefined) return known;
    const attached = begin[part]().then(
      (followed) => {
        if (isOver) return followed[Symbol.dispose]();
        logs.set(part, followed);
        return onTouched();
      },
      (error: unknown) => {
        following.delete(part);
        log.error({ stream: streamOf(id, part), error: String(error) }, "log cannot be followed");
      },
    );
    following.set(part, attached);
    return attached;
  }

  async function gather(after: Place): Promise<Since> {
    const gathered = createGathered();
    const place = { ...after };
    for (const [part, followed] of logs) place[part] = await followed.gather(after[part], gathered);
    return { gathered, place };
  }

  // Before it is asked what there is, so that nothing comes into being between the two.
  const births = engine.onLive((stream) => {
    const part = PARTS.find((one) => streamOf(id, one) === stream);
    if (part !== undefined) void follow(part);
  });
  const ready = Promise.all(
    PARTS.map(async (part) => {
      if (await engine.has(streamOf(id, part))) await follow(part);
    }),
  );
  ready.catch(() => undefined); // told to whoever waits for it

  return {
    ready,
    get settings() {
      return settings;
    },
    get isHeard() {
      return hearers.size > 0;
    },
    heads: () => headsOf(logs),
    since(after) {
      const heads = headsOf(logs);
      if (latest === undefined || !isSame(latest.after, after) || !isSame(latest.heads, heads)) {
        latest = { after, heads, since: gather(after) };
        latest.since.catch(() => (latest = undefined)); // whoever comes next tries again
      }
      return latest.since;
    },
    hear(wake) {
      hearers.add(wake);
      return { [Symbol.dispose]: () => void hearers.delete(wake) };
    },
    [Symbol.dispose]() {
      isOver = true;
      births[Symbol.dispose]();
      for (const followed of logs.values()) followed[Symbol.dispose]();
      logs.clear();
    },
  };
}

function headsOf(logs: ReadonlyMap<Part, FollowedLog>): Place {
  const head = (part: Part): number => logs.get(part)?.revision ?? 0;
  return { session: head("session"), board: head("board"), mail: head("mail") };
}
