/**
 * One live stream on one node: one command after the other, each acknowledged only when it is on the log.
 *
 * A turn takes what is queued, decides and folds each command so that the next one sees it, appends the whole batch, and
 * when that is durable answers each caller and publishes. While the append is in flight the state is ahead and only
 * `decide` reads it: questions queue like commands and are answered when the append has settled.
 */
import type { Aggregate, Decision, EngineCommand, Moment } from "../core/aggregate.ts";
import type { EventStore } from "../store/store.ts";
import { RevisionConflict } from "../store/errors.ts";
import type { Hash, StreamId } from "../wire/ids.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import { type Actor, type LogRecord, RECORD_FORMAT, type Revision, RULES, SELF, type TaggedEvent } from "../wire/record.ts";
import type { Rejection } from "../wire/refusals.ts";
import type { Clock, Timeline } from "./clock.ts";
import type { Log } from "./log.ts";
import { BEFORE_FIRST, seal, type SealedRecord, unseal } from "./seal.ts";

/** Most commands decided in one turn: a turn is also the time that a question waits. */
const TURN_LIMIT = 512;

/** How often a batch that lost the compare-and-set is decided again before its callers are told to retry. */
const ATTEMPTS = 5;

/** How often an unavailable store is asked whether it is back, in milliseconds. */
const PROBE_MS = 1_000;

export type Outcome =
  | { readonly ok: true; readonly revision: Revision; readonly record?: LogRecord; readonly result?: JsonObject }
  | { readonly ok: false; readonly rejection: Rejection };

export interface Submission<Command, Facts extends JsonObject> {
  readonly command: Command;
  readonly actor: Actor;
  /** Asked at the moment of the decision, and again when it must be decided again. */
  readonly facts?: () => Facts;
}

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
  /** Hears every record as it becomes durable. */
  subscribe(hear: (record: LogRecord) => void): Disposable;
  readonly revision: Revision;
  /** False while the log takes no records. */
  readonly writable: boolean;
  readonly idle: boolean;
}

/** What the engine alone does to a host. */
export interface HostControl {
  readonly nextDeadlineMs: number | undefined;
  /** Puts a command of the engine's own before everything that is queued. */
  give(command: EngineCommand): void;
  /** Runs a turn if there is anything to do. */
  wake(): void;
  present(): Iterable<{ readonly principal: string; readonly maySilentMs: number }>;
  /** Resolves when everything queued has been answered. */
  settle(): Promise<void>;
  stop(): void;
}

interface HostOptions<State, Command, Event extends TaggedEvent, Facts extends JsonObject> {
  readonly stream: StreamId;
  readonly aggregate: Aggregate<State, Command, Event, Facts>;
  readonly store: EventStore;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly node: string;
  readonly newSeed: () => string;
  readonly log: Log;
  /** Called at the start of every turn, before anything is decided: the place where a gap in time is noticed. */
  readonly beforeTurn: () => void;
  /** What this process decides before anything else, once; again after a failed append, until it is on the log. */
  readonly opening: (head: { readonly revision: Revision; readonly atMs: number }) => readonly EngineCommand[];
  /** The opening is on the log. */
  readonly onOpened: () => void;
}

const UNAVAILABLE: Rejection = {
  code: "store/unavailable",
  message: "the log cannot be written now (is the disk full?); nothing was changed, try again when it can",
};
const CONTENDED: Rejection = {
  code: "store/contended",
  message: "other writers were faster five times over; nothing was changed, try again",
};
const UNDECIDED: Rejection = {
  code: "message/malformed",
  message: "the coordinator could not decide this message and left it out; please report it",
};
const UNSPEAKABLE: Rejection = { code: "message/malformed", message: "the message holds text that is not valid Unicode" };

export async function openStreamHost<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  options: HostOptions<State, Command, Event, Facts>,
): Promise<StreamHost<State, Command, Facts> & HostControl> {
  const { stream, aggregate, store, timeline, clock, node, newSeed, log, beforeTurn, opening, onOpened } = options;

  type Work = { readonly submission: Submission<Command | EngineCommand, Facts>; readonly answer: (outcome: Outcome) => void };
  type Decided = { readonly work: Work; readonly decision: Decision<Event>; readonly sealed: SealedRecord | undefined };

  let state = aggregate.initial();
  let head: { revision: Revision; hash: Hash } = BEFORE_FIRST;
  let headAtMs = 0;
  let queue: Work[] = [];
  let questions: (() => void)[] = [];
  const subscribers = new Set<(record: LogRecord) => void>();
  let turning: Promise<void> | undefined;
  let writable = true;
  let readable = true;
  let stopped = false;
  let opened = false;
  let alarm: Disposable | undefined;

  /** State is the fold of the log and nothing else: this is opening, recovery, and what follows a failed append. */
  async function fold(): Promise<void> {
    state = aggregate.initial();
    head = BEFORE_FIRST;
    for await (const stored of store.read(stream, 0)) {
      const record = unseal(stream, stored, head);
      for (const event of record.events) aggregate.evolve(state, aggregate.readEvent(event), record);
      head = { revision: record.revision, hash: record.hash };
      headAtMs = record.atMs;
    }
    timeline.atLeast(headAtMs);
  }

  function decideOne(work: Work, atMs: number): Decided {
    const { command, actor, facts } = work.submission;
    const seed = newSeed();
    let drawn = 0;
    const told = facts?.() ?? ({} as Facts);
    const moment: Moment<Facts> = { atMs, facts: told, newId: (prefix) => `${prefix}-${seed}-${(drawn += 1)}` };
    const decision = decideSafely(command, moment);
    if (!("accepted" in decision)) return { work, decision, sealed: undefined };

    const sealed = sealRecord(command as unknown as Json, actor, seed, told, atMs, decision.accepted);
    if (sealed === undefined) return { work, decision: { rejected: UNSPEAKABLE }, sealed: undefined };
    for (const event of decision.accepted) aggregate.evolve(state, event, sealed.record);
    head = { revision: sealed.record.revision, hash: sealed.record.hash };
    headAtMs = atMs;
    return { work, decision, sealed };
  }

  /** A rule that breaks is a bug; it costs its own message and no other. */
  function decideSafely(command: Command | EngineCommand, moment: Moment<Facts>): Decision<Event> {
    try {
      return aggregate.decide(state, command, moment);
    } catch (error) {
      log.error({ stream, error: String(error) }, "rule broke");
      return { rejected: UNDECIDED };
    }
  }

  function sealRecord(
    command: Json,
    actor: Actor,
    seed: string,
    facts: JsonObject,
    atMs: number,
    events: readonly TaggedEvent[],
  ): SealedRecord | undefined {
    const revision = head.revision + 1;
    try {
      return seal({ format: RECORD_FORMAT, rules: RULES, revision, atMs, seed, facts, actor, node, command, events, prevHash: head.hash });
    } catch (error) {
      log.warn({ stream, error: String(error) }, "command cannot be recorded");
      return undefined;
    }
  }

  const tick: Work = { submission: { command: { type: "Tick" }, actor: SELF }, answer: () => undefined };

  function decideBatch(batch: readonly Work[]): Decided[] {
    const decided: Decided[] = [];
    const tickUntil = (atMs: number): void => {
      for (let due = aggregate.nextDeadline(state); due !== undefined && due <= atMs; due = aggregate.nextDeadline(state)) {
        const ticked = decideOne(tick, atMs);
        decided.push(ticked);
        if (ticked.sealed === undefined) throw new Error(`a deadline of ${stream} at ${due} was not decided at ${atMs}`);
      }
    };
    for (const work of batch) {
      const atMs = Math.max(timeline.now(), headAtMs);
      const command = work.submission.command as EngineCommand;
      if (command.type !== "Opened" && command.type !== "Resumed") tickUntil(atMs);
      decided.push(decideOne(work, atMs));
    }
    if (batch.length === 0) tickUntil(Math.max(timeline.now(), headAtMs));
    return decided;
  }

  function outcomeOf({ decision, sealed }: Decided): Outcome {
    if ("rejected" in decision) return { ok: false, rejection: decision.rejected };
    if ("standing" in decision) return { ok: true, ...decision.standing };
    const record = (sealed as SealedRecord).record;
    const result = (record.events.at(-1) as { readonly result?: JsonObject } | undefined)?.result;
    return { ok: true, revision: record.revision, record, ...(result === undefined ? {} : { result }) };
  }

  function publish(decided: readonly Decided[]): void {
    for (const each of decided) {
      tell(() => each.work.answer(outcomeOf(each)));
      const { sealed } = each;
      if (sealed !== undefined) for (const hear of subscribers) tell(() => hear(sealed.record));
    }
  }

  /** A listener that breaks costs nobody else what it would have heard. */
  function tell(listen: () => void): void {
    try {
      listen();
    } catch (error) {
      log.error({ stream, error: String(error) }, "listener broke");
    }
  }

  /** Decides, appends and answers a batch; what cannot be recorded is refused. */
  async function carry(work: readonly Work[]): Promise<void> {
    const first = opened ? [] : opening({ revision: head.revision, atMs: headAtMs });
    const batch = [...first.map((command): Work => ({ submission: { command, actor: SELF }, answer: () => undefined })), ...work];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const expected = head.revision;
      const decided = decideBatch(batch);
      const sealed = decided.flatMap((each) => each.sealed ?? []);
      if (sealed.length === 0) return publish(decided);
      try {
        await store.append(
          stream,
          expected,
          sealed.map(({ record, text }) => ({ revision: record.revision, text })),
        );
        noteOpened();
        return publish(decided);
      } catch (error) {
        if (!(error instanceof RevisionConflict)) {
          log.error({ stream, error: String(error) }, "log takes no records");
          await foldAfterFailure();
          turnReadOnly();
          return refuseAll(batch, UNAVAILABLE);
        }
        await fold();
      }
    }
    return refuseAll(batch, CONTENDED);
  }

  function noteOpened(): void {
    if (opened) return;
    opened = true;
    onOpened();
  }

  async function foldAfterFailure(): Promise<void> {
    try {
      await fold();
      readable = true;
    } catch (error) {
      readable = false;
      log.error({ stream, error: String(error) }, "log cannot be read");
    }
  }

  function refuseAll(batch: readonly Work[], rejection: Rejection): void {
    for (const work of batch) tell(() => work.answer({ ok: false, rejection }));
  }

  function turnReadOnly(): void {
    if (!writable) return;
    writable = false;
    const probe = (): void => {
      if (stopped) return;
      void store.probe().then(recover, () => clock.after(PROBE_MS, probe));
    };
    clock.after(PROBE_MS, probe);
  }

  async function recover(): Promise<void> {
    await turning;
    if (!readable) await foldAfterFailure();
    if (!readable) return turnReadOnly();
    writable = true;
    log.info({ stream }, "log takes records again");
    wake();
  }

  async function turn(): Promise<void> {
    do {
      beforeTurn();
      const batch = queue.slice(0, TURN_LIMIT);
      queue = queue.slice(TURN_LIMIT);
      const asked = queue.length === 0 ? questions.splice(0) : [];
      if (writable) await carry(batch).catch((error: unknown) => breakOff(batch, error));
      else refuseAll(batch, UNAVAILABLE);
      for (const ask of asked) ask();
    } while (!stopped && (queue.length > 0 || questions.length > 0 || isDue()));
  }

  /** Only a bug leads here: the state may be half folded, so it is folded anew. */
  async function breakOff(batch: readonly Work[], error: unknown): Promise<void> {
    log.error({ stream, error: String(error) }, "turn broke off");
    await foldAfterFailure();
    refuseAll(batch, UNAVAILABLE);
  }

  const isDue = (): boolean => writable && (aggregate.nextDeadline(state) ?? Infinity) <= timeline.now();

  function wake(): void {
    if (turning !== undefined || stopped) return;
    // One microtask later, so that what a caller submits in one go becomes one batch.
    turning = Promise.resolve()
      .then(turn)
      .finally(() => {
        turning = undefined;
        setAlarm();
        if (queue.length > 0 || questions.length > 0) wake();
      });
  }

  function setAlarm(): void {
    alarm?.[Symbol.dispose]();
    alarm = undefined;
    const due = aggregate.nextDeadline(state);
    if (due === undefined || stopped || !writable) return;
    alarm = clock.after(Math.max(1, due - timeline.now()), wake);
  }

  await fold();

  return {
    stream,
    get revision() {
      return head.revision;
    },
    get view() {
      return state;
    },
    get writable() {
      return writable;
    },
    get idle() {
      return turning === undefined && queue.length === 0 && questions.length === 0 && subscribers.size === 0;
    },
    get nextDeadlineMs() {
      return aggregate.nextDeadline(state);
    },
    submit(submission, answer) {
      if (stopped) return answer({ ok: false, rejection: UNAVAILABLE });
      queue.push({ submission, answer });
      wake();
    },
    give(command) {
      queue.unshift({ submission: { command, actor: SELF }, answer: () => undefined });
      wake();
    },
    query(ask) {
      return new Promise((resolve, reject) => {
        questions.push(() => {
          if (!readable) return reject(new Error(`the log of ${stream} cannot be read now`));
          try {
            resolve(ask(state, head.revision));
          } catch (error) {
            reject(error as Error);
          }
        });
        wake();
      });
    },
    subscribe(hear) {
      subscribers.add(hear);
      return { [Symbol.dispose]: () => void subscribers.delete(hear) };
    },
    wake,
    present: () => aggregate.present(state),
    async settle() {
      while (turning !== undefined) await turning;
    },
    stop() {
      stopped = true;
      alarm?.[Symbol.dispose]();
    },
  };
}
