/**
 * Streams that answer a POST, kept a while in memory so that a client that lost one goes on by `Last-Event-ID` where it stopped.
 * When there are more than fit, whoever has most gives up its own oldest: nobody takes the way back from others.
 */
import { randomBytes } from "node:crypto";
import { eventText } from "./events.ts";
import type { Outlet } from "./outlet.ts";
import { type Carrier, createWayBack, type WayBack } from "./way-back.ts";

export interface KeptStream extends Pick<WayBack, "onLeft"> {
  /** The client's place before the first event; with how long it is to wait before it comes back, in milliseconds. */
  begin(retryMs: number): void;
  send(message: object): void;
  /** Nothing more comes; whoever reads is sent to its end. */
  end(): void;
  /** Ends the HTTP response of now; the stream goes on, for whoever comes back. */
  part(): void;
  /** Goes on behind an event, at this outlet alone, which that response carries. */
  resume(after: number, outlet: Outlet, by: Carrier): void;
}

export interface KeptStreams {
  /**
   * @param owner - the MCP session whose stream it is
   * @param caller - whose request it answers, who has its share of the room
   * @param by - carries the outlet
   */
  open(owner: object, caller: string, outlet: Outlet, by: Carrier): KeptStream;
  /** Where such an id says to go on; undefined for one that is not known here, or is another session's. */
  find(owner: object, eventId: string): { readonly stream: KeptStream; readonly after: number } | undefined;
  forget(owner: object): void;
}

const EVENT_ID = /^call\.([\w-]{22})\.(\d{1,9})$/;

/** Whether it is the id of an event that answers a call, not a place in the logs. */
export function isOfCall(eventId: string): boolean {
  return EVENT_ID.test(eventId);
}

const MAX_STREAMS = 10_000;
const MAX_LENGTH = 32 * 1024 * 1024;

export interface Room {
  /** How many there may be. */
  readonly maxStreams?: number;
  /** Characters that all of them may have. */
  readonly maxLength?: number;
}

interface Kept {
  readonly owner: object;
  readonly caller: string;
  readonly stream: KeptStream;
  readonly length: () => number;
  /** A call may be under way long after its stream is kept no more. */
  readonly forget: () => void;
}

/** What is kept for one caller: its streams, the oldest first, and the characters that they have. */
interface Share {
  readonly ids: Set<string>;
  length: number;
}

export function createKeptStreams({ maxLength = MAX_LENGTH, maxStreams = MAX_STREAMS }: Room = {}): KeptStreams {
  const streams = new Map<string, Kept>();
  const owned = new Map<object, Set<string>>();
  const shares = new Map<string, Share>();
  let total = 0;

  function drop(id: string): void {
    const kept = streams.get(id);
    if (kept === undefined) return;
    streams.delete(id);
    total -= kept.length();
    const ids = owned.get(kept.owner);
    ids?.delete(id);
    if (ids?.size === 0) owned.delete(kept.owner);
    const share = shareOf(kept.caller);
    share.ids.delete(id);
    share.length -= kept.length();
    if (share.ids.size === 0) shares.delete(kept.caller);
    kept.forget();
  }

  function shareOf(caller: string): Share {
    const share = shares.get(caller) ?? { ids: new Set(), length: 0 };
    shares.set(caller, share);
    return share;
  }

  function makeRoom(): void {
    while (total > maxLength || streams.size > maxStreams) {
      const sizeOf = total > maxLength ? ({ length }: Share) => length : ({ ids }: Share) => ids.size;
      const [greediest] = [...shares.values()].toSorted((one, other) => sizeOf(other) - sizeOf(one));
      const [oldest] = greediest?.ids ?? [];
      if (oldest === undefined) return;
      drop(oldest);
    }
  }

  return {
    open(owner, caller, first, by) {
      const id = randomBytes(16).toString("base64url");
      // What was given up is not told of to whoever comes later.
      const wayBack = createWayBack(by, { onGivenUp: () => drop(id) });
      const events: string[] = [];
      let count = 0;
      let length = 0;
      let outlet: Outlet | undefined = first;
      let isOver = false;

      function say(fields: { readonly data: string; readonly retry?: number }): void {
        count += 1;
        const text = eventText({ id: `call.${id}.${count}`, ...fields });
        outlet?.send(text);
        if (!streams.has(id)) return;
        events.push(text);
        length += text.length;
        total += text.length;
        shareOf(caller).length += text.length;
        makeRoom();
      }
      const stream: KeptStream = {
        begin: (retry) => say({ data: "", retry }),
        send: (message) => say({ data: JSON.stringify(message) }),
        end() {
          isOver = true;
          outlet?.end();
        },
        part() {
          outlet?.end();
          outlet = undefined;
        },
        onLeft: (hear) => wayBack.onLeft(hear),
        resume(after, next, carrier) {
          wayBack.goOn(carrier);
          outlet?.end();
          outlet = next;
          for (const text of events.slice(after)) next.send(text);
          if (isOver) next.end();
        },
      };
      const forget = (): void => {
        events.splice(0);
        wayBack.close();
      };
      streams.set(id, { owner, caller, stream, length: () => length, forget });
      shareOf(caller).ids.add(id);
      owned.set(owner, (owned.get(owner) ?? new Set()).add(id));
      makeRoom();
      return stream;
    },
    find(owner, eventId) {
      const [, id = "", number] = EVENT_ID.exec(eventId) ?? [];
      const kept = streams.get(id);
      return kept?.owner === owner ? { stream: kept.stream, after: Number(number) } : undefined;
    },
    forget(owner) {
      for (const id of owned.get(owner) ?? []) drop(id);
    },
  };
}
