/**
 * When work in one file breaks what another intent works on elsewhere (SPEC 17.5, `dependency_breakage`).
 *
 * Clients say which files use what they change; that one of those is in somebody else's scope is found here. It is advice:
 * such a conflict opens beside the announcement, refuses nobody and replaces nothing (SPEC 15.3.2), and where two scopes
 * meet directly that alone is told.
 */
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import type { Resource } from "../scope/resource.ts";
import { sharedNames } from "./dependency-names.ts";
import { type Reach, reachOf } from "./dependency-reach.ts";
import { shortened } from "./overlaps.ts";
import type { SessionState } from "./state.ts";
import type { Intent } from "./state/intents.ts";
import type { SessionMoment } from "./verdict.ts";

/** Conflicts of this kind that one message opens, the first by intent id; the rest is not worth anybody's reading. */
const MAX_BREAKAGES = 50;

/** Files named of one direction, their characters with those of their names, and of the names of one file: the log and both parties get a copy. */
const NAMED_FILES = 20;
const NAMED_CHARACTERS = 2_000;
const NAMES_CHARACTERS = 1_000;

/** Files and characters of names in the description. */
const DESCRIBED_FILES = 3;
const DESCRIBED_CHARACTERS = 80;

/** An intent that is being announced, or given another scope. */
export interface Newcomer {
  readonly id: IntentId;
  readonly principal: PrincipalId;
  readonly scope: Scope;
  readonly resources: readonly Resource[];
}

/** Files of one side that use what the other changes; the names, or null when any may be meant. */
interface Broken {
  readonly file: string;
  readonly symbols: readonly string[] | null;
}

/** @param aside - those whom the scope meets directly, or that end with this */
export function breakagesWith(
  state: Readonly<SessionState>,
  newcomer: Newcomer,
  aside: Iterable<IntentId>,
  at: SessionMoment,
): SessionEventOf<"ConflictOpened">[] {
  const reach = reachOf(newcomer.scope, state.settings);
  if (reach.impact.length === 0 && state.impacts.size === 0) return [];
  const reached = state.index.overlapping(reach.impact);
  const reaching = state.impacts.overlapping(newcomer.resources);
  if (reached.size === 0 && reaching.size === 0) return [];

  const told = new Set([...aside, ...standingAgainst(state, newcomer.id)]);
  const opened: SessionEventOf<"ConflictOpened">[] = [];
  for (const id of [...new Set([...reached.keys(), ...reaching.keys()])].sort()) {
    if (opened.length >= MAX_BREAKAGES) break;
    const other = state.intents.get(id as IntentId);
    if (other === undefined || other.principal === newcomer.principal || told.has(other.id)) continue;
    const otherReach = reachOf(other.scope, state.settings);
    const ab = brokenBy(
      reach,
      (reached.get(id) ?? []).map((pair) => pair.asked),
      otherReach,
    );
    const ba = brokenBy(
      otherReach,
      (reaching.get(id) ?? []).map((pair) => pair.held),
      reach,
    );
    if (ab.length + ba.length > 0) opened.push(breakage(newcomer, other, ab, ba, at));
  }
  return opened;
}

/** Those that it stands in a conflict with already. */
function standingAgainst(state: Readonly<SessionState>, newcomer: IntentId): IntentId[] {
  return [...(state.intents.get(newcomer)?.conflicts ?? [])].flatMap((id) => state.conflicts.get(id)?.intents ?? []);
}

/** Which of the files of `using` a change of `changing` breaks. */
function brokenBy(changing: Reach, files: readonly string[], using: Reach): Broken[] {
  const { changes, uses } = changing;
  const broken: Broken[] = [];
  const planned = changes === undefined || using.plans === undefined ? [] : sharedNames(changes, using.plans);
  for (const file of new Set(files)) {
    if (broken.length >= NAMED_FILES) break;
    const used = uses.get(file);
    if (changes === undefined || used === undefined || using.plans === undefined) {
      broken.push({ file, symbols: null });
      continue;
    }
    const symbols = [...new Set([...sharedNames(changes, used), ...planned])].sort();
    if (symbols.length > 0) broken.push({ file, symbols: fitting(symbols, NAMES_CHARACTERS, (name) => name.length) });
  }
  return fitting(broken, NAMED_CHARACTERS, ({ file, symbols }) => file.length + (symbols ?? []).join("").length);
}

/** The first of them, as many as there is room for; always one. */
function fitting<Item>(items: readonly Item[], characters: number, lengthOf: (item: Item) => number): Item[] {
  let room = characters;
  return items.filter((item, index) => (room -= lengthOf(item)) >= 0 || index === 0);
}

function breakage(
  newcomer: Newcomer,
  other: Intent,
  ab: readonly Broken[],
  ba: readonly Broken[],
  at: SessionMoment,
): SessionEventOf<"ConflictOpened"> {
  const sentences = [
    ...(ab.length === 0 ? [] : [described(newcomer.principal, other.principal, ab)]),
    ...(ba.length === 0 ? [] : [described(other.principal, newcomer.principal, ba)]),
  ];
  return {
    type: "ConflictOpened",
    conflictId: at.newId("conflict") as SessionEventOf<"ConflictOpened">["conflictId"],
    category: "dependency_breakage",
    severity: "medium",
    description: sentences.join("; "),
    intents: [newcomer.id, other.id],
    operations: [],
    principals: [newcomer.principal, other.principal],
    dependency: detailOf(ab, ba),
  };
}

/** A direction in which nothing is broken is left out, as the original leaves it out. */
function detailOf(ab: readonly Broken[], ba: readonly Broken[]): JsonObject {
  const entries = (broken: readonly Broken[]) => broken.map(({ file, symbols }) => ({ file, symbols }));
  return { ...(ab.length === 0 ? {} : { ab: entries(ab) }), ...(ba.length === 0 ? {} : { ba: entries(ba) }) };
}

function described(changing: PrincipalId, using: PrincipalId, broken: readonly Broken[]): string {
  const files = broken.slice(0, DESCRIBED_FILES).map(({ file }) => shortened(file, DESCRIBED_CHARACTERS));
  const more = broken.length - files.length;
  const names = [...new Set(broken.flatMap(({ symbols }) => symbols ?? []))];
  const what = names.length === 0 ? "" : ` (${shortened(names.join(", "), DESCRIBED_CHARACTERS)})`;
  return `what ${changing} changes${what} is used in ${files.join(", ")}${more > 0 ? ` and ${more} more` : ""}, where ${using} works`;
}
