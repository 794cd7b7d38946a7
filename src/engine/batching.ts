/**
 * What one turn of a stream decides, and in which order: first what the engine itself has to say, then each command as it came,
 * behind every deadline that is due before it. A turn is also the time that a question waits, so it takes only so much.
 */
import type { EngineCommand } from "../core/aggregate.ts";
import type { StreamId } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import { SELF } from "../wire/record.ts";
import type { Log } from "./log.ts";
import type { Outcome } from "./outcome.ts";
import { PROBE_MS } from "./probing.ts";
import type { Decided, StreamFold, Submission } from "./stream-fold.ts";

/** Most entries taken, and most deadlines decided, in one turn. */
export const TURN_LIMIT = 512;

export interface Work<Command, Facts extends JsonObject> {
  readonly submission: Submission<Command | EngineCommand, Facts>;
  readonly answer: (outcome: Outcome) => void;
}

/** A command or a question, in the order they came. */
export type Entry<Command, Facts extends JsonObject> = Work<Command, Facts> | { readonly ask: () => void };

export interface Batch<Command, Facts extends JsonObject> {
  readonly decided: readonly { readonly work: Work<Command, Facts>; readonly outcome: Decided }[];
  /** How many of the entries have been dealt with; the rest wait for the next turn. */
  readonly done: number;
}

export interface Batching<Command, Facts extends JsonObject> {
  /** When a Tick is due. */
  tickAtMs(): number;
  /** Decides and folds, ahead of the log. */
  decide(first: readonly EngineCommand[], entries: readonly Entry<Command, Facts>[]): Batch<Command, Facts>;
}

/** A command of the engine's own, whose outcome nobody waits for. */
export const own = (command: EngineCommand): Work<never, never> => ({ submission: { command, actor: SELF }, answer: () => undefined });

export interface BatchingOptions<State, Command, Facts extends JsonObject> {
  readonly stream: StreamId;
  readonly fold: StreamFold<State, Command, Facts>;
  /** The instant of a decision. */
  readonly instant: () => number;
  readonly log: Log;
}

export function createBatching<State, Command, Facts extends JsonObject>({
  stream,
  fold,
  instant,
  log,
}: BatchingOptions<State, Command, Facts>): Batching<Command, Facts> {
  /** A deadline that a bug keeps from being decided is put off. */
  let ticksNotBeforeMs = 0;

  const tickAtMs = (): number => Math.max(fold.nextDeadlineMs ?? Infinity, ticksNotBeforeMs);

  return {
    tickAtMs,
    decide(first, entries) {
      const decided: { work: Work<Command, Facts>; outcome: Decided }[] = [];
      const decide = (work: Work<Command, Facts>, atMs: number): Decided => {
        const outcome = fold.decide(work.submission, atMs);
        decided.push({ work, outcome });
        return outcome;
      };
      let ticksLeft = TURN_LIMIT;
      const tickUntil = (atMs: number): boolean => {
        for (; tickAtMs() <= atMs; ticksLeft -= 1) {
          if (ticksLeft === 0) return false;
          if (decide(own({ type: "Tick" }), atMs).sealed !== undefined) continue;
          log.error({ stream, dueAtMs: fold.nextDeadlineMs }, "deadline cannot be decided");
          ticksNotBeforeMs = atMs + PROBE_MS;
        }
        return true;
      };

      for (const command of first) decide(own(command), instant());
      for (const [done, entry] of entries.entries()) {
        if ("ask" in entry) continue;
        const atMs = instant();
        if (!tickUntil(atMs)) return { decided, done };
        decide(entry, atMs);
      }
      tickUntil(instant());
      return { decided, done: entries.length };
    },
  };
}
