/**
 * One live stream on one node: one command after the other, each acknowledged only when it is on the log.
 *
 * A turn takes what is queued, decides and folds each command so that the next one sees it, appends the whole batch, and
 * when that is durable answers each caller and publishes. While the append is in flight the state is ahead and only
 * `decide` reads it: questions queue like commands and are answered when the append has settled.
 */
import { setImmediate as nextLoop } from "node:timers/promises";
import type { EngineCommand, Present } from "../core/aggregate.ts";
import { RevisionConflict } from "../store/errors.ts";
import type { EventStore } from "../store/store.ts";
import type { StreamId } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { LogRecord, Revision, TaggedEvent } from "../wire/record.ts";
import type { Rejection } from "../wire/refusals.ts";
import { type Batch, createBatching, type Entry, own, TURN_LIMIT } from "./batching.ts";
import { type Clock, GAP_MS, type Timeline } from "./clock.ts";
import { createSubscribers } from "./subscribers.ts";
import { CLOSING, CONTENDED, type Outcome, outcomeOf, rejectionOf, UNAVAILABLE } from "./outcome.ts";
import { PROBE_MS, probeUntilBack } from "./probing.ts";
import { createStreamFold, type FoldOptions, type Head, type Submission } from "./stream-fold.ts";

export type { Outcome } from "./outcome.ts";
export type { Submission } from "./stream-fold.ts";

/** How often a batch that lost the compare-and-set is decided again before its callers are told to retry. */
const ATTEMPTS = 5;

export interface StreamHost<State, Command, Facts extends JsonObject> {
  readonly stream: StreamId;
  /**
   * Carries one command through. `answer` is called once, when the outcome is durable, before the record is published
   * and in the order of the log. It must not throw.
   */
  submit(submission: Submission<Command, Facts>, answer: (outcome: Outcome) => void): void;
  /** Asks the durable state, after everything that was submitted before. Rejects when the log cannot be read. */
  query<Result>(ask: (state: Readonly<State>, revision: Revision) => Result): Promise<Result>;
  /** The durable state, to be read only while an answer or a record is being heard: between turns it may be ahead. */
  readonly view: Readonly<State>;
  /** Hears every record as it becomes durable, in the order of the log; those of another writer when they are noticed. */
  subscribe(hear: (record: LogRecord) => void): Disposable;
  /** The last durable revision. */
  readonly revision: Revision;
  /** False while the log takes no records. */
  readonly writable: boolean;
  readonly idle: boolean;
}

/** What the engine alone does to a host. */
export interface HostControl {
  /** Puts a command of the engine's own before everything that is queued. */
  give(command: EngineCommand): void;
  /** Nothing could be heard since `fromMs`: that is recorded before anything else is decided, however long it takes. */
  resume(fromMs: number): void;
  /** Runs a turn if there is anything to do. */
  wake(): void;
  present(): Iterable<Present>;
  /** Takes nothing more, and resolves when what was queued has been answered. */
  close(): Promise<void>;
}

interface HostOptions<State, Command, Event extends TaggedEvent, Facts extends JsonObject> extends FoldOptions<
  State,
  Command,
  Event,
  Facts
> {
  readonly store: EventStore;
  readonly timeline: Timeline;
  readonly clock: Clock;
  /** Called at the start of every turn, before anything is decided: the place where a gap in time is noticed. */
  readonly beforeTurn: () => void;
  /** What is decided before anything else in a turn; nothing once it is on the log. */
  readonly opening: (head: Head) => readonly EngineCommand[];
  /** Whatever it was that opened the stream is on the log. */
  readonly onOpened: () => void;
}

export async function openStreamHost<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  options: HostOptions<State, Command, Event, Facts>,
): Promise<StreamHost<State, Command, Facts> & HostControl> {
  const { stream, store, timeline, clock, log, beforeTurn, opening, onOpened } = options;

  const fold = createStreamFold(options);
  const subscribers = createSubscribers(stream, log);
  let queue: Entry<Command, Facts>[] = [];
  let turning: Promise<void> | undefined;
  let published: Revision = 0;
  /** Gaps in time that no record tells of yet. */
  const gapsSinceMs: number[] = [];
  /** Work of our own that lost every race is put off. */
  let restsUntilMs = 0;
  let writable = true;
  /** What is answered while it is not, and since when. */
  let outage = { rejection: UNAVAILABLE, sinceMs: 0 };
  let readable = true;
  let closing = false;
  let probing: Disposable | undefined;
  let alarm: Disposable | undefined;

  const instant = (): number => Math.max(timeline.now(), fold.head.atMs);
  const batching = createBatching({ stream, fold, instant, log });

  /** Decides, appends and answers as many of the entries as a turn takes, and says how many those were. */
  async function carry(entries: readonly Entry<Command, Facts>[]): Promise<number> {
    const gaps = gapsSinceMs.length;
    const resumed: EngineCommand[] = gaps === 0 ? [] : [{ type: "Resumed", fromMs: Math.min(...gapsSinceMs) }];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const expected = fold.head.revision;
      const batch = batching.decide([...opening(fold.head), ...resumed], entries);
      const sealed = batch.decided.flatMap(({ outcome }) => outcome.sealed ?? []);
      const failure = await append(
        expected,
        sealed.map(({ record, text }) => ({ revision: record.revision, text })),
      );
      if (failure === undefined) {
        if (sealed.length > 0) onOpened();
        gapsSinceMs.splice(0, gaps);
        publish(batch);
        return batch.done;
      }
      if (!(failure instanceof RevisionConflict)) {
        log.error({ stream, error: String(failure) }, "log takes no records");
        await turnReadOnly(rejectionOf(failure));
        return refuseAll(entries, outage.rejection);
      }
      await catchUp();
    }
    restsUntilMs = instant() + PROBE_MS;
    return refuseAll(entries, CONTENDED);
  }

  async function append(expected: Revision, records: Parameters<EventStore["append"]>[2]): Promise<Error | undefined> {
    if (records.length === 0) return undefined;
    return store.append(stream, expected, records).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
  }

  function publish({ decided }: Batch<Command, Facts>): void {
    published = fold.head.revision;
    for (const { work, outcome } of decided) {
      subscribers.tell(() => work.answer(outcomeOf(outcome, published)));
      if (outcome.sealed !== undefined) subscribers.publish(outcome.sealed.record);
    }
  }

  /** Folds the log anew: opening, recovery, and what follows a lost append. What others wrote is heard here too. */
  async function catchUp(heard = published): Promise<void> {
    readable = false;
    const behind = await fold.read(heard);
    readable = true;
    timeline.atLeast(fold.head.atMs);
    published = fold.head.revision;
    for (const record of behind) subscribers.publish(record);
  }

  async function tryCatchUp(): Promise<boolean> {
    await catchUp().catch((error: unknown) => log.error({ stream, error: String(error) }, "log cannot be read"));
    return readable;
  }

  function refuseAll(entries: readonly Entry<Command, Facts>[], rejection: Rejection): number {
    for (const entry of entries) if (!("ask" in entry)) subscribers.tell(() => entry.answer({ ok: false, rejection }));
    return entries.length;
  }

  async function turnReadOnly(rejection: Rejection): Promise<void> {
    if (writable) outage = { rejection, sinceMs: instant() };
    writable = false;
    await tryCatchUp();
    probing ??= probeUntilBack(store, clock, recover);
  }

  async function recover(): Promise<boolean> {
    while (turning !== undefined) await turning;
    if (!readable && !(await tryCatchUp())) return false;
    probing = undefined;
    writable = true;
    // Renewals were refused meanwhile: their owners get the time to make them again.
    if (instant() - outage.sinceMs > GAP_MS) gapsSinceMs.push(outage.sinceMs);
    log.info({ stream }, "log takes records again");
    wake();
    return true;
  }

  /** Only a bug leads here, or a log that could not be read after a lost append: the state may be half folded. */
  async function breakOff(entries: readonly Entry<Command, Facts>[], error: unknown): Promise<number> {
    log.error({ stream, error: String(error) }, "turn broke off");
    restsUntilMs = instant() + PROBE_MS;
    if (!(await tryCatchUp())) await turnReadOnly(UNAVAILABLE);
    return refuseAll(entries, UNAVAILABLE);
  }

  /** When there is something to do that nobody asks for. */
  const ownWorkAtMs = (): number =>
    closing || !writable ? Infinity : Math.max(gapsSinceMs.length > 0 ? 0 : batching.tickAtMs(), restsUntilMs);
  const hasWork = (): boolean => queue.length > 0 || ownWorkAtMs() <= instant();

  async function turn(): Promise<void> {
    for (;;) {
      beforeTurn();
      const entries = queue.slice(0, TURN_LIMIT);
      queue = queue.slice(TURN_LIMIT);
      const done = writable
        ? await carry(entries).catch((error: unknown) => breakOff(entries, error))
        : refuseAll(entries, outage.rejection);
      if (done < entries.length) queue = [...entries.slice(done), ...queue];
      for (const entry of entries.slice(0, done)) if ("ask" in entry) entry.ask();
      if (!hasWork()) return;
      // Whatever else the process does comes between two turns.
      await nextLoop();
    }
  }

  function wake(): void {
    if (turning !== undefined || (closing && queue.length === 0)) return;
    // One microtask later, so that what a caller submits in one go becomes one batch.
    turning = Promise.resolve()
      .then(turn)
      .catch((error: unknown) => log.error({ stream, error: String(error) }, "turn broke"))
      .finally(() => {
        turning = undefined;
        const atMs = ownWorkAtMs();
        if (queue.length > 0 || atMs <= instant()) wake();
        else setAlarm(atMs);
      });
  }

  function setAlarm(atMs: number): void {
    alarm?.[Symbol.dispose]();
    alarm = atMs === Infinity ? undefined : clock.after(Math.max(1, atMs - timeline.now()), wake);
  }

  await catchUp(Infinity);

  return {
    stream,
    get revision() {
      return published;
    },
    get view() {
      return fold.state;
    },
    get writable() {
      return writable;
    },
    get idle() {
      return turning === undefined && queue.length === 0 && subscribers.isEmpty;
    },
    submit(submission, answer) {
      if (closing) return subscribers.tell(() => answer({ ok: false, rejection: CLOSING }));
      queue.push({ submission, answer });
      wake();
    },
    give(command) {
      if (closing) return;
      queue.unshift(own(command));
      wake();
    },
    resume(fromMs) {
      gapsSinceMs.push(fromMs);
      if (!closing) wake();
    },
    query(ask) {
      if (closing) return Promise.reject(new Error(`${stream} is being closed here`));
      return new Promise((resolve, reject) => {
        const answer = (): void => {
          if (!readable) return reject(new Error(`the log of ${stream} cannot be read now`));
          try {
            resolve(ask(fold.state, fold.head.revision));
          } catch (error) {
            reject(error as Error);
          }
        };
        queue.push({ ask: answer });
        wake();
      });
    },
    subscribe: (hear) => subscribers.add(hear),
    wake,
    present: () => fold.present(),
    async close() {
      closing = true;
      while (turning !== undefined) await turning;
      probing?.[Symbol.dispose]();
      alarm?.[Symbol.dispose]();
    },
  };
}
