/**
 * Whether a log would be written the same once more: every recorded command decided again with its recorded time, seed and facts.
 */
import canonicalize from "canonicalize";
import type { Aggregate } from "../core/aggregate.ts";
import type { JsonObject } from "../wire/json.ts";
import { type LogRecord, type Revision, RULES, type TaggedEvent } from "../wire/record.ts";
import { momentOf } from "./moment.ts";

/** A command decided again gave something else than its record says: a decision depends on what no record holds. */
export class DecidedOtherwise extends Error {
  override readonly name = "DecidedOtherwise";
  readonly code = "log/decided-otherwise";
  readonly revision: Revision;

  constructor(revision: Revision, recorded: string, again: string) {
    super(`record ${revision} says ${recorded} and deciding it again gives ${again}`);
    this.revision = revision;
  }
}

/**
 * Decides `records` again from the first on; they are a whole stream. A record of other rules than these is folded and
 * not compared.
 *
 * @throws DecidedOtherwise at the first difference, and what `readEvent` throws
 */
export function redecide<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  aggregate: Aggregate<State, Command, Event, Facts>,
  records: Iterable<LogRecord>,
): void {
  const state = aggregate.initial();
  for (const record of records) {
    if (record.rules === RULES) {
      const decision = aggregate.decide(state, record.command as Command, momentOf({ ...record, facts: record.facts as Facts }));
      const recorded = textOf(record.events);
      const again = textOf("accepted" in decision ? decision.accepted : decision);
      if (again !== recorded) throw new DecidedOtherwise(record.revision, recorded, again);
    }
    for (const event of record.events) aggregate.evolve(state, aggregate.readEvent(event), record);
  }
}

function textOf(value: unknown): string {
  return canonicalize(value) as string;
}
