/**
 * A stream as this node has folded it: the state, where its log ends, and the record that the next command makes.
 *
 * State is the fold of the log and nothing else. Between deciding and the end of the append it is ahead of the log;
 * when the append fails it is folded anew.
 */
import type { Aggregate, Decision, EngineCommand, Present } from "../core/aggregate.ts";
import type { EventStore } from "../store/store.ts";
import type { Hash, StreamId } from "../wire/ids.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import { type Actor, type LogRecord, RECORD_FORMAT, type Revision, RULES, type TaggedEvent } from "../wire/record.ts";
import type { Rejection } from "../wire/refusals.ts";
import type { Log } from "./log.ts";
import { momentOf } from "./moment.ts";
import { BEFORE_FIRST, seal, type SealedRecord, unseal } from "./seal.ts";

export interface Submission<Command, Facts extends JsonObject> {
  readonly command: Command;
  /** The command in canonical form, where whoever gives it has made that for reasons of its own. */
  readonly commandText?: string;
  readonly actor: Actor;
  /** Asked at the moment of the decision, and again when it must be decided again. */
  readonly facts?: () => Facts;
}

/** Where the folded log ends. */
export interface Head {
  readonly revision: Revision;
  readonly hash: Hash;
  /** Of its last record; 0 when it has none. */
  readonly atMs: number;
}

export interface Decided {
  readonly decision: Decision<TaggedEvent>;
  /** What is to be appended; nothing when the command was refused or changes nothing. */
  readonly sealed: SealedRecord | undefined;
}

export interface StreamFold<State, Command, Facts extends JsonObject> {
  readonly state: Readonly<State>;
  readonly head: Head;
  readonly nextDeadlineMs: number | undefined;
  present(): Iterable<Present>;
  /**
   * Folds the log from its beginning and gives the records behind `after`. Until it has succeeded again nothing may be
   * asked or decided.
   *
   * @throws LogDamaged, LogTooNew, UnknownEvent, and what the store throws
   */
  read(after: Revision): Promise<readonly LogRecord[]>;
  /** Decides one command at `atMs` and folds what it decided, ahead of the log. */
  decide(submission: Submission<Command | EngineCommand, Facts>, atMs: number): Decided;
}

export interface FoldOptions<State, Command, Event extends TaggedEvent, Facts extends JsonObject> {
  readonly stream: StreamId;
  readonly aggregate: Aggregate<State, Command, Event, Facts>;
  readonly store: Pick<EventStore, "read">;
  /** Names this process in every record. */
  readonly node: string;
  readonly newSeed: () => string;
  readonly log: Log;
}

const UNDECIDED: Rejection = {
  code: "message/malformed",
  message: "the coordinator could not decide this message and left it out; please report it",
};
const UNSPEAKABLE: Rejection = { code: "message/malformed", message: "the message holds text that is not valid Unicode" };

const NO_RECORD: Head = { ...BEFORE_FIRST, atMs: 0 };

export function createStreamFold<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  options: FoldOptions<State, Command, Event, Facts>,
): StreamFold<State, Command, Facts> {
  const { stream, aggregate, store, node, newSeed, log } = options;
  let state = aggregate.initial();
  let head = NO_RECORD;

  function fold(record: LogRecord, events: readonly Event[]): void {
    for (const event of events) aggregate.evolve(state, event, record);
    head = { revision: record.revision, hash: record.hash, atMs: record.atMs };
  }

  /** A rule that breaks is a bug; it costs its own message and no other. */
  function decideSafely({ command, facts }: Submission<Command | EngineCommand, Facts>, seed: string, atMs: number) {
    try {
      const told = facts?.() ?? ({} as Facts);
      return { told, decision: aggregate.decide(state, command, momentOf({ atMs, seed, facts: told })) };
    } catch (error) {
      log.error({ stream, error: String(error) }, "rule broke");
      return { told: {}, decision: { rejected: UNDECIDED } };
    }
  }

  function sealSafely(
    open: Pick<LogRecord, "atMs" | "seed" | "facts" | "actor" | "command" | "events">,
    commandText: string | undefined,
  ): SealedRecord | undefined {
    try {
      const { actor, atMs, command, events, facts, seed } = open;
      const revision = head.revision + 1;
      // In the order of their names, so that they are not sorted again for every record.
      const members = {
        actor,
        atMs,
        command,
        events,
        facts,
        format: RECORD_FORMAT,
        node,
        prevHash: head.hash,
        revision,
        rules: RULES,
        seed,
      };
      return seal(members, commandText);
    } catch (error) {
      log.warn({ stream, error: String(error) }, "command cannot be recorded");
      return undefined;
    }
  }

  return {
    get state() {
      return state;
    },
    get head() {
      return head;
    },
    get nextDeadlineMs() {
      return aggregate.nextDeadline(state);
    },
    present: () => aggregate.present(state),
    async read(after) {
      state = aggregate.initial();
      head = NO_RECORD;
      const behind: LogRecord[] = [];
      for await (const stored of store.read(stream, 0)) {
        const record = unseal(stream, stored, head);
        fold(
          record,
          record.events.map((event) => aggregate.readEvent(event)),
        );
        if (record.revision > after) behind.push(record);
      }
      return behind;
    },
    decide(submission, atMs) {
      const seed = newSeed();
      const { told, decision } = decideSafely(submission, seed, atMs);
      if (!("accepted" in decision)) return { decision, sealed: undefined };

      const { actor, command, commandText } = submission;
      const open = { atMs, seed, facts: told, actor, command: command as unknown as Json, events: decision.accepted };
      const sealed = sealSafely(open, commandText);
      if (sealed === undefined) return { decision: { rejected: UNSPEAKABLE }, sealed };
      fold(sealed.record, decision.accepted);
      return { decision, sealed };
    },
  };
}
