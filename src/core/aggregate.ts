/**
 * The one shape of everything that is decided: a command in, events out, state by folding.
 *
 * `decide` only reads, `evolve` is the only writer and never fails, and time and chance come in as a `Moment`. So the
 * same list of commands gives the same log on every machine and in every test.
 */
import type { AggregateName } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Rejection } from "../wire/refusals.ts";
import type { Revision, TaggedEvent } from "../wire/record.ts";

/** What a decision may know beyond the state: the time, a source of ids, and facts that were looked up for it. */
export interface Moment<Facts extends JsonObject = JsonObject> {
  /** Milliseconds since 1970; never less than the last record's. */
  readonly atMs: number;
  /** A fresh id beginning with `prefix`. Drawn from the recorded seed, so the same decision draws the same ids. */
  newId(prefix: string): string;
  readonly facts: Facts;
}

/** Where a folded event stood in its stream. */
export interface Place {
  readonly revision: Revision;
  readonly atMs: number;
}

/**
 * What became of a command. `standing` is an accepted command that has nothing to record: a repeat, answered with the
 * first outcome, or a change that changes nothing.
 */
export type Decision<Event> =
  | { readonly accepted: readonly Event[] }
  | { readonly rejected: Rejection }
  | { readonly standing: { readonly revision: Revision; readonly result?: JsonObject } };

/** An accepted command that its sender named: what a repeat of it is answered with. */
export interface SettledRequest {
  readonly revision: Revision;
  readonly contentHash: string;
  readonly result: JsonObject | undefined;
}

/** What the engine itself asks of every aggregate. */
export type EngineCommand =
  /** A process opened the stream: the epoch rises, and a new stream begins. */
  | { readonly type: "Opened"; readonly session: string; readonly settings: JsonObject }
  /** Time passed in which nothing could be heard, since `fromMs`. */
  | { readonly type: "Resumed"; readonly fromMs: number }
  /** The earliest deadline is due. */
  | { readonly type: "Tick" }
  /** Nothing was heard of a principal since `lastHeardAtMs`, for longer than it may be silent. */
  | { readonly type: "ParticipantLapsed"; readonly principal: string; readonly lastHeardAtMs: number };

export interface Present {
  readonly principal: string;
  /** How long it may be silent before it counts as gone, in milliseconds. */
  readonly maySilentMs: number;
  /** When it appeared: it was heard then, whatever was observed before. */
  readonly sinceMs: number;
}

export interface Aggregate<State, Command, Event extends TaggedEvent, Facts extends JsonObject = JsonObject> {
  readonly name: AggregateName;
  initial(): State;
  /** Reads only; never throws for a sender's mistake. */
  decide(state: Readonly<State>, command: Command | EngineCommand, at: Moment<Facts>): Decision<Event>;
  /** The only writer of a state; never fails. */
  evolve(state: State, event: Event, at: Place): void;
  /** When a Tick is due, in milliseconds since 1970. */
  nextDeadline(state: Readonly<State>): number | undefined;
  /** Principals whose silence matters: those that the state takes for present. */
  present(state: Readonly<State>): Iterable<Present>;
  /** An event as it was stored. @throws UnknownEvent when this release does not know it */
  readEvent(stored: unknown): Event;
}

/** A stored event that this release cannot fold. The stream is not served rather than folded without it. */
export class UnknownEvent extends Error {
  override readonly name = "UnknownEvent";
  readonly code = "log/unknown-event";

  constructor(type: string, cause?: unknown) {
    super(`the log holds an event «${type}» that this release does not know; install the release that wrote it`, { cause });
  }
}

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly error?: unknown };
}

/** Reads events back: checked, and taken as they were stored, because a parsed copy leaves out a member called `__proto__`. */
export function readerOf<Event extends TaggedEvent>(schema: Schema): (stored: unknown) => Event {
  return (stored) => {
    const parsed = schema.safeParse(stored);
    if (parsed.success) return stored as Event;
    throw new UnknownEvent(String((stored as { readonly type?: unknown } | null)?.type), parsed.error);
  };
}

/** A switch that reaches this has missed a case; the compiler says so first. */
export function unreachable(value: never): never {
  throw new Error(`not a known case: ${JSON.stringify(value)}`);
}
