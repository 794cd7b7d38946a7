/**
 * A session carried by a real engine over a real store, on a clock that the test moves; and a store in which the test
 * can hold, break and hide things.
 *
 * Every log that is made here is read back whole and decided once more when the test ends.
 */
import { setImmediate as nextLoop } from "node:timers/promises";
import { session } from "../core/session/session.ts";
import type { SessionState } from "../core/session/state.ts";
import type { SessionFacts } from "../core/session/verdict.ts";
import { StoreUnavailable } from "../store/errors.ts";
import { memoryStore } from "../store/memory.ts";
import type { EventStore, StoredRecord } from "../store/store.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import { ClientMessage } from "../wire/mpac/messages.ts";
import type { LogRecord } from "../wire/record.ts";
import { createEngine, type Engine, type OpenStream } from "./engine.ts";
import { type Log, silentLog } from "./log.ts";
import { createManualClock, type ManualClock } from "./manual-clock.test.fixture.ts";
import { redecide } from "./redecide.ts";
import { BEFORE_FIRST, hashOf, unseal } from "./seal.ts";
import type { Outcome } from "./stream-host.ts";

export const SESSION = "s" as SessionId;
export const STREAM = streamOf(SESSION, "session");

export interface TouchyStore extends EventStore {
  /** How many records each append brought that was tried. */
  readonly tried: number[];
  /** Lets no append through from now on; resolves when the first one waits. */
  hold(): Promise<void>;
  release(): void;
  /** What appends and probes fail with; undefined lets them through. */
  failing: Error | undefined;
  /** What reading fails with. */
  hiding: Error | undefined;
}

export function touchyStore(inner: EventStore = memoryStore()): TouchyStore {
  const tried: number[] = [];
  let gate: { readonly open: Promise<void>; release(): void; waits(): void } | undefined;

  const store: TouchyStore = {
    ...inner,
    tried,
    failing: undefined,
    hiding: undefined,
    hold() {
      return new Promise((waits) => {
        let release: () => void = () => undefined;
        const open = new Promise<void>((resolve) => {
          release = resolve;
        });
        gate = { open, release, waits };
      });
    },
    release() {
      gate?.release();
      gate = undefined;
    },
    async append(stream, expected, records) {
      tried.push(records.length);
      gate?.waits();
      await gate?.open;
      if (store.failing !== undefined) throw store.failing;
      return inner.append(stream, expected, records);
    },
    async *read(stream, after, atOnce) {
      if (store.hiding !== undefined) throw store.hiding;
      yield* inner.read(stream, after, atOnce);
    },
    async probe() {
      if (store.failing !== undefined) throw store.failing;
      return inner.probe();
    },
  };
  return store;
}

export const DISK_FULL = new StoreUnavailable("the disk is full");

/** The whole log, checked as it is when it is opened. */
export async function logOf(store: EventStore): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  let head = BEFORE_FIRST;
  for await (const stored of store.read(STREAM, 0)) {
    const record = unseal(STREAM, stored, head);
    head = { revision: record.revision, hash: record.hash };
    records.push(record);
  }
  return records;
}

/** Lets everything run that waits for nothing but the event loop. */
export async function loops(count = 12): Promise<void> {
  for (let loop = 0; loop < count; loop += 1) await nextLoop();
}

/** Moves the clock and lets whatever falls due meanwhile run at its own time. */
export async function timePasses(clock: ManualClock, ms: number): Promise<void> {
  let left = ms;
  for (let step = clock.untilNextMs; step !== undefined && step <= left; step = clock.untilNextMs) {
    clock.advance(step);
    left -= step;
    await loops();
  }
  clock.advance(left);
  await loops();
}

type Said = readonly [principal: string, type: ClientMessage["message_type"], payload?: JsonObject];

let messages = 0;

export function messageOf(...[principal, type, payload = {}]: Said): ClientMessage {
  const sender = { principal_id: principal, sender_instance_id: `${principal}:1` };
  return ClientMessage.parse({ message_type: type, message_id: `m${(messages += 1)}`, sender, payload });
}

export interface World extends AsyncDisposable {
  readonly store: TouchyStore;
  readonly clock: ManualClock;
  readonly engine: Engine;
  readonly stream: OpenStream<SessionState, ClientMessage, SessionFacts>;
  /** Submits a message as an edge does, and resolves with its outcome. */
  says(...said: Said): Promise<Outcome>;
  /** The same for several in one go. */
  sayAll(all: readonly Said[]): Promise<Outcome[]>;
  /** Time passes; everything that it wakes has run. */
  pass(ms: number): Promise<void>;
  /** What happened so far, without `Settled`: a line for each record, the types of its events. */
  happened(after?: number): Promise<string[]>;
}

export interface WorldOptions {
  readonly store?: TouchyStore;
  readonly clock?: ManualClock;
  readonly aggregate?: typeof session;
  readonly log?: Log;
  readonly settings?: JsonObject;
  readonly node?: string;
  /** Whether somebody listens to the stream, as an edge does; otherwise it is dropped after a minute. */
  readonly listens?: boolean;
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const {
    store = touchyStore(),
    clock = createManualClock(),
    aggregate = session,
    log = silentLog,
    settings = {},
    node = "n",
    listens = true,
  } = options;
  const engine = createEngine({ store, log, node, clock });
  const stream = await engine.open(aggregate, SESSION, settings);
  if (listens) stream.host.subscribe(() => undefined);

  function says(...said: Said): Promise<Outcome> {
    const command = messageOf(...said);
    const [principal] = said;
    stream.presence.heard(principal, engine.nowMs());
    return new Promise((resolve) => {
      const contentHash = hashOf([command.message_type, JSON.stringify(command.payload)]);
      stream.host.submit({ command, actor: { principal, verified: "asserted" }, facts: () => ({ contentHash }) }, resolve);
    });
  }

  return {
    store,
    clock,
    engine,
    stream,
    says,
    sayAll: (all) => Promise.all(all.map((said) => says(...said))),
    async pass(ms) {
      await timePasses(clock, ms);
    },
    async happened(after = 0) {
      const records = await logOf(store);
      return records.slice(after).map(({ events }) =>
        events
          .slice(0, -1)
          .map(({ type }) => type)
          .join(" "),
      );
    },
    async [Symbol.asyncDispose]() {
      store.failing = undefined;
      store.hiding = undefined;
      store.release();
      await engine.close();
      redecide(session, await logOf(store));
    },
  };
}

/** A world in which these people have joined. */
export async function worldWith(people: readonly string[], options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  await world.sayAll(people.map((principal) => [principal, "HELLO"] as const));
  return world;
}

export const intent = (id: string, more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  scope: { kind: "file_set", resources: [`${id}.ts`] },
  ...more,
});

export function codeOf(outcome: Outcome): string {
  return outcome.ok ? "ok" : outcome.rejection.code;
}

/** A store that holds these texts, as somebody else left them. */
export function storeOf(records: readonly StoredRecord[]): TouchyStore {
  const inner = memoryStore();
  return touchyStore({
    ...inner,
    async *read() {
      yield* records;
    },
  });
}
