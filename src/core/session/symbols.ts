/**
 * When two intents may work in one file at the same time: both say in which symbols of it, and share none.
 *
 * Symbols stand under `scope.extensions.signalbox.symbols`, `{file: [names]}`. They narrow only between two intents that
 * both name some in the same file, which both scopes hold by its own path: towards anybody who names none, and where one
 * side holds a folder or a pattern, the file is locked whole.
 */
import { membersIn } from "../../wire/json.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import { overlaps, parseResource, type Resource } from "../scope/resource.ts";
import type { Meeting } from "./overlaps.ts";
import { pathRules } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Intent } from "./state/intents.ts";

/** A scope that names more has them left out: those files are locked whole. */
const MAX_NAMES = 64;
const MAX_ALL_NAMES = 512;
const MAX_NAME_LENGTH = 256;

/** A name in its parts, `Parser.parse` as two. */
type Name = readonly string[];

/** What nobody can read may lie anywhere: a name without parts is at or above every name. */
const ANY_NAME: Name = [];

type Asking = Pick<Intent, "scope" | "resources">;

/** The meetings that are left when files in which both sides work apart are taken out. */
export function withoutParted(state: Readonly<SessionState>, asking: Asking, met: readonly Meeting[]): readonly Meeting[] {
  if (met.length === 0) return met;
  const asked = symbolsOf(asking.scope, state.settings);
  if (asked.size === 0) return met;
  return met.flatMap((meeting) => {
    if (meeting.by !== "resource") return [meeting];
    const held = symbolsOf(meeting.intent.scope, state.settings);
    const paths = meeting.paths.filter((path) => {
      const file = asking.resources.find((resource) => resource.path === path);
      return file === undefined || !isParted(file, asked, meeting.intent, held);
    });
    return paths.length === 0 ? [] : [{ ...meeting, paths }];
  });
}

type Symbols = ReadonlyMap<string, readonly Name[]>;

function isParted(file: Resource, asked: Symbols, intent: Intent, held: Symbols): boolean {
  const [ours, theirs] = [asked.get(file.key), held.get(file.key)];
  if (ours === undefined || theirs === undefined) return false;
  if (intent.resources.some((resource) => resource.key !== file.key && overlaps(resource, file))) return false;
  return !ours.some((name) => theirs.some((other) => isAtOrAbove(name, other) || isAtOrAbove(other, name)));
}

/**
 * Whether the second name may be the first one or lie in it: `Parser` and `parser.Parser` are above `Parser.parse`. What
 * one of them leaves out in front may be anything.
 */
function isAtOrAbove(upper: Name, lower: Name): boolean {
  return lower.some((_, place) => {
    const depth = Math.min(place + 1, upper.length);
    for (let back = 0; back < depth; back += 1) {
      if (upper[upper.length - 1 - back] !== lower[place - back]) return false;
    }
    return true;
  });
}

const NONE: Symbols = new Map();

const known = new WeakMap<Scope, { readonly settings: SessionSettings; readonly symbols: Symbols }>();

/** What a scope names, by the key of the file. Scopes are never changed once they are recorded, so each is read once. */
function symbolsOf(scope: Scope, settings: SessionSettings): Symbols {
  if (scope["extensions"] === undefined) return NONE;
  const before = known.get(scope);
  if (before?.settings === settings) return before.symbols;
  const symbols = read(scope, settings);
  known.set(scope, { settings, symbols });
  return symbols;
}

function read(scope: Scope, settings: SessionSettings): Symbols {
  const rules = pathRules(settings);
  const symbols = new Map<string, readonly Name[]>();
  let count = 0;
  for (const [text, value] of Object.entries(membersIn(membersIn(membersIn(scope["extensions"])["signalbox"])["symbols"]))) {
    const file = parseResource(text, rules);
    const names = namesIn(value);
    if ("refused" in file || file.glob || names.length === 0 || count + names.length > MAX_ALL_NAMES) continue;
    // Two spellings of one file: what both say is what is meant.
    symbols.set(file.key, [...(symbols.get(file.key) ?? []), ...names]);
    count += names.length;
  }
  return symbols;
}

/** None when there are too many to read: such a file is locked whole. */
function namesIn(value: unknown): Name[] {
  if (!Array.isArray(value) || value.length > MAX_NAMES) return [];
  return value.map((name: unknown) => (typeof name === "string" && name.length <= MAX_NAME_LENGTH ? partsOf(name) : ANY_NAME));
}

function partsOf(name: string): Name {
  return name
    .replace(/\(.*$/s, "")
    .split(/\.|::|#/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
