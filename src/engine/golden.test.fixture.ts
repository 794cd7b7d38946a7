/**
 * Golden streams: a log of each release, kept for ever, that every later release must fold into the same state.
 *
 * A stream is three files in `golden/`, named by the release and the format of its records: the records as they were stored,
 * the state that they fold into, and the commands that were refused on the way. `npm run golden` writes those of the present
 * release by playing `golden-day.test.fixture.ts` on a real engine, the same every time. They are written anew as often as
 * rules change before a release, and never again after it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import canonicalize from "canonicalize";
import manifest from "../../package.json" with { type: "json" };
import { parseResource } from "../core/scope/resource.ts";
import { session } from "../core/session/session.ts";
import { initialState, type SessionState } from "../core/session/state.ts";
import type { SessionFacts } from "../core/session/verdict.ts";
import type { Json } from "../wire/json.ts";
import type { ClientMessage } from "../wire/mpac/messages.ts";
import { type LogRecord, RECORD_FORMAT, type Revision } from "../wire/record.ts";

export const GOLDEN_FOLDER = join(import.meta.dirname, "golden");

export const PRESENT_RELEASE = `${manifest.version}-format${RECORD_FORMAT}`;

/** A command that was not carried out, and everything that its decision was told. */
export interface GoldenRefusal {
  /** The last record before it. */
  readonly after: Revision;
  readonly atMs: number;
  readonly facts: SessionFacts;
  readonly command: ClientMessage;
  readonly code: string;
}

export interface GoldenStream {
  /** Release and record format. */
  readonly name: string;
  /** The records as they are stored. */
  readonly texts: readonly string[];
  readonly state: Json;
  readonly refusals: readonly GoldenRefusal[];
}

/** Every stream that is kept in a folder, the oldest name first. */
export function keptStreams(folder = GOLDEN_FOLDER): GoldenStream[] {
  const linesOf = (file: string): string[] => linesIn(join(folder, file));
  const names = readdirSync(folder).flatMap((file) => /^(.+-format\d+)\.jsonl$/.exec(file)?.[1] ?? []);
  return names.sort().map((name) => ({
    name,
    texts: linesOf(`${name}.jsonl`),
    state: JSON.parse(readFileSync(join(folder, `${name}.state.json`), "utf8")) as Json,
    refusals: linesOf(`${name}.refusals.jsonl`).map((line) => JSON.parse(line) as GoldenRefusal),
  }));
}

function linesIn(path: string): string[] {
  return readFileSync(path, "utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "");
}

/** The state after these records, each folded as it comes back from a log. */
export function foldOf(records: readonly LogRecord[]): SessionState {
  const state = initialState();
  for (const record of records) for (const event of record.events) session.evolve(state, session.readEvent(event), record);
  return state;
}

/**
 * What a session's state says, in a form that outlives its representation: facts by their ids, sets in order, `null` for
 * what is not known. A later release may add members; what stands here stays as it is.
 */
export function sayingOf(state: Readonly<SessionState>): Json {
  const { id, epoch, settings, clock, fence, participants, operations, conflicts, liveIntents, liveConflicts, virtualTree } = state;
  const everything = parseResource("", { foldCase: false, roots: [] });
  const intents = new Map([...state.intents].map(([name, { resources: _derived, ...intent }]) => [name, intent]));
  const live = { liveIntents, liveConflicts, inTheWay: "refused" in everything ? [] : state.index.overlapping([everything]) };
  const facts = { id, epoch, settings, clock, fence, participants, intents, operations, conflicts, virtualTree };
  return plain({ ...facts, ...live, firstDeadline: state.deadlines.first() ?? null });
}

export function plain(value: unknown): Json {
  if (value instanceof Map) return plain(Object.fromEntries(value as Map<string, unknown>));
  if (value instanceof Set) return [...(value as Set<string>)].sort();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return (value ?? null) as Json;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** Members in one order, on as few lines as a person can read. */
export function prettyState(state: Json): string {
  return `${JSON.stringify(JSON.parse(canonicalize(state) as string), undefined, 1)}\n`;
}
