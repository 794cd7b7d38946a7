/**
 * The live streams of one node: opened when somebody asks, dropped when nobody listens, told when time has passed.
 */
import { randomBytes } from "node:crypto";
import type { Aggregate, EngineCommand } from "../core/aggregate.ts";
import type { EventStore, StoredRecord } from "../store/store.ts";
import type { Hash, SessionId, StreamId } from "../wire/ids.ts";
import { streamOf } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Revision, TaggedEvent } from "../wire/record.ts";
import { BEAT_MS, type Clock, createTimeline, systemClock } from "./clock.ts";
import type { Log } from "./log.ts";
import { createPresence, type Presence } from "./presence.ts";
import type { Head } from "./stream-fold.ts";
import { type HostControl, openStreamHost, type StreamHost } from "./stream-host.ts";

/** How long it is known when somebody was heard, in milliseconds; longer than anybody may be silent. */
const FORGET_MS = 24 * 60 * 60 * 1000;

/** How long a stream that nobody listens to stays in memory, in milliseconds. */
const IDLE_MS = 60_000;

export interface Engine extends AsyncDisposable {
  /** The one host of a session's stream on this node; opened with `settings` when it is not live. */
  open<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
    aggregate: Aggregate<State, Command, Event, Facts>,
    session: SessionId,
    settings: JsonObject,
  ): Promise<OpenStream<State, Command, Facts>>;
  /** Keeps content beside the log; durable when it resolves. */
  putBlob(bytes: Uint8Array): Promise<Hash>;
  getBlob(hash: Hash): Promise<Uint8Array | undefined>;
  /** The records behind `after` as they are on the log, up to its head at the time of the call. */
  read(stream: StreamId, after: Revision, atOnce?: number): AsyncIterable<StoredRecord>;
  /** Whether the log has anything of that stream, without opening it. */
  has(stream: StreamId): Promise<boolean>;
  /**
   * Hears of each stream that becomes live here, once it is: whoever follows one that is not there yet has no reason to make it.
   */
  onLive(hear: (stream: StreamId) => void): Disposable;
  /** The instant that decisions are made at. */
  nowMs(): number;
  /** Whether every live stream takes records, and the store says that it would. */
  writable(): Promise<boolean>;
  /** Answers what is queued and takes no more. Sessions stay open: stopping is not closing. */
  close(): Promise<void>;
}

export interface OpenStream<State, Command, Facts extends JsonObject> {
  readonly host: StreamHost<State, Command, Facts>;
  readonly presence: Presence;
}

export interface EngineOptions {
  readonly store: EventStore;
  readonly log: Log;
  /** Names this process in every record. */
  readonly node: string;
  readonly clock?: Clock;
  /** What the seeds of all records begin with; drawn, unless a log must come out the same twice. */
  readonly seedBase?: string;
}

interface Live {
  readonly host: StreamHost<never, never, never> & HostControl;
  readonly presence: Presence;
  idleSinceMs: number | undefined;
}

export function createEngine(options: EngineOptions): Engine {
  const { store, log, node, clock = systemClock, seedBase = randomBytes(6).toString("hex") } = options;
  const timeline = createTimeline(clock);
  const opening = new Map<StreamId, Promise<Live>>();
  const live = new Map<StreamId, Live>();
  const openedBefore = new Set<StreamId>();
  const hearers = new Set<(stream: StreamId) => void>();
  /** Since when nothing could be heard of a stream that was not live then. */
  const unheardSinceMs = new Map<StreamId, number>();
  let seeds = 0;
  let closed = false;

  const newSeed = (): string => `${seedBase}${(seeds += 1).toString(36)}`;

  /** Looks at the clocks; when the machine slept or a clock jumped, every stream is told before it decides anything. */
  function noticeGap(): void {
    const gap = timeline.beat();
    if (gap === undefined) return;
    const { gapSinceMs } = gap;
    log.warn({ sinceMs: gapSinceMs }, "time has passed unheard");
    for (const { host, presence } of live.values()) {
      presence.resume(gapSinceMs, timeline.now());
      host.resume(gapSinceMs);
    }
    for (const stream of openedBefore) {
      if (!live.has(stream)) unheardSinceMs.set(stream, Math.min(gapSinceMs, unheardSinceMs.get(stream) ?? gapSinceMs));
    }
  }

  function openingOf(stream: StreamId, session: SessionId, settings: JsonObject, head: Head): EngineCommand[] {
    const unheard = unheardSinceMs.get(stream);
    if (openedBefore.has(stream)) return unheard === undefined ? [] : [{ type: "Resumed", fromMs: unheard }];
    const opened = { type: "Opened" as const, session, settings };
    return head.revision === 0 ? [opened] : [opened, { type: "Resumed", fromMs: head.atMs }];
  }

  async function openLive<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
    aggregate: Aggregate<State, Command, Event, Facts>,
    session: SessionId,
    settings: JsonObject,
    stream: StreamId,
  ): Promise<Live> {
    const host = await openStreamHost({
      stream,
      aggregate,
      store,
      timeline,
      clock,
      node,
      newSeed,
      log,
      beforeTurn: noticeGap,
      opening: (head) => openingOf(stream, session, settings, head),
      onOpened: () => {
        openedBefore.add(stream);
        unheardSinceMs.delete(stream);
      },
    });
    noticeGap(); // where its log ends in the future, everybody else is there by now
    const presence = createPresence(timeline.now(), () => timeline.now());
    const entry: Live = { host: host as unknown as Live["host"], presence, idleSinceMs: undefined };
    live.set(stream, entry);
    host.wake();
    await host.query(() => undefined);
    for (const hear of hearers) hear(stream);
    return entry;
  }

  function beat(): void {
    if (closed) return;
    noticeGap();
    const nowMs = timeline.now();
    for (const [stream, entry] of live) {
      lapseTheSilent(entry, nowMs);
      dropWhenIdle(stream, entry, nowMs);
    }
    schedule();
  }

  function lapseTheSilent({ host, presence }: Live, nowMs: number): void {
    presence.forgetBefore(nowMs - FORGET_MS);
    for (const { principal, maySilentMs, sinceMs } of host.present()) {
      const lastHeardAtMs = Math.max(sinceMs, presence.lastHeardMs(principal, nowMs));
      if (nowMs - lastHeardAtMs > maySilentMs) host.give({ type: "ParticipantLapsed", principal, lastHeardAtMs });
    }
  }

  function dropWhenIdle(stream: StreamId, entry: Live, nowMs: number): void {
    if (!entry.host.idle) entry.idleSinceMs = undefined;
    else entry.idleSinceMs ??= nowMs;
    if (entry.idleSinceMs === undefined || nowMs - entry.idleSinceMs < IDLE_MS) return;
    void entry.host.close();
    live.delete(stream);
    opening.delete(stream);
  }

  let timer: Disposable | undefined;
  function schedule(): void {
    timer = clock.after(BEAT_MS, beat);
  }
  schedule();

  return {
    async open(aggregate, session, settings) {
      if (closed) throw new Error("the engine is closed");
      const stream = streamOf(session, aggregate.name);
      let pending = opening.get(stream);
      if (pending === undefined) {
        pending = openLive(aggregate, session, settings, stream);
        opening.set(stream, pending);
        pending.catch(() => opening.delete(stream));
      }
      const entry = await pending;
      entry.idleSinceMs = undefined; // whoever asks for it is about to use it
      return { host: entry.host as never, presence: entry.presence };
    },
    putBlob: (bytes) => store.putBlob(bytes),
    getBlob: (hash) => store.getBlob(hash),
    read: (stream, after, atOnce) => store.read(stream, after, atOnce),
    has: async (stream) => openedBefore.has(stream) || (await store.read(stream, 0, 1)[Symbol.asyncIterator]().next()).done !== true,
    onLive(hear) {
      hearers.add(hear);
      return { [Symbol.dispose]: () => void hearers.delete(hear) };
    },
    nowMs: () => timeline.now(),
    async writable() {
      for (const { host } of live.values()) if (!host.writable) return false;
      return store.probe().then(
        () => true,
        () => false,
      );
    },
    async close() {
      closed = true;
      timer?.[Symbol.dispose]();
      await Promise.allSettled(opening.values());
      await Promise.all([...live.values()].map(({ host }) => host.close()));
      live.clear();
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}
