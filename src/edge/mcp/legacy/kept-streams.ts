/**
 * Streams that answer a POST, kept a while in memory so that a client that lost one goes on by `Last-Event-ID` where it stopped.
 * The oldest go first when there are more than fit.
 */
import { randomBytes } from "node:crypto";
import { eventText } from "./events.ts";
import type { Outlet } from "./outlet.ts";

export interface KeptStream {
  /** The client's place before the first event; with how long it is to wait before it comes back, in milliseconds. */
  begin(retryMs: number): void;
  send(message: object): void;
  /** Nothing more comes; whoever reads is sent to its end. */
  end(): void;
  /** Ends the HTTP response of now; the stream goes on, for whoever comes back. */
  part(): void;
  /** Goes on behind an event, at this outlet alone. */
  resume(after: number, outlet: Outlet): void;
}

export interface KeptStreams {
  /** @param owner - the MCP session whose stream it is */
  open(owner: object, outlet: Outlet): KeptStream;
  /** Where such an id says to go on; undefined for one that is not known here, or is another session's. */
  find(owner: object, eventId: string): { readonly stream: KeptStream; readonly after: number } | undefined;
  forget(owner: object): void;
}

const EVENT_ID = /^call\.([\w-]{22})\.(\d{1,9})$/;

/** Whether it is the id of an event that answers a call, not a place in the logs. */
export function isOfCall(eventId: string): boolean {
  return EVENT_ID.test(eventId);
}

/** How many there are, and characters that all of them have. */
const MAX_STREAMS = 10_000;
const MAX_LENGTH = 32 * 1024 * 1024;

interface Kept {
  readonly owner: object;
  readonly stream: KeptStream;
  readonly length: () => number;
}

export function createKeptStreams(maxLength = MAX_LENGTH): KeptStreams {
  const streams = new Map<string, Kept>();
  const owned = new Map<object, Set<string>>();
  let total = 0;

  function drop(id: string): void {
    const kept = streams.get(id);
    if (kept === undefined) return;
    streams.delete(id);
    total -= kept.length();
    const ids = owned.get(kept.owner);
    ids?.delete(id);
    if (ids?.size === 0) owned.delete(kept.owner);
  }

  function makeRoom(): void {
    for (const oldest of streams.keys()) {
      if (total <= maxLength && streams.size <= MAX_STREAMS) return;
      drop(oldest);
    }
  }

  return {
    open(owner, first) {
      const id = randomBytes(16).toString("base64url");
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
        resume(after, next) {
          outlet?.end();
          outlet = next;
          for (const text of events.slice(after)) next.send(text);
          if (isOver) next.end();
        },
      };
      streams.set(id, { owner, stream, length: () => length });
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
