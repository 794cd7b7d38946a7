/** Which files a scope stands for, and what a scope looks like once it is recorded (SPEC 15.2). */
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import { type Footprint, footprintOf, footprintOver, patternIn } from "../scope/footprint.ts";
import { compileRegistry, type Registry } from "../scope/registry.ts";
import { parseResource, type PathRules, type RefusedResource, type Resource } from "../scope/resource.ts";
import { refuse } from "../verdict.ts";
import { withLessAdvice } from "./dependency-trim.ts";
import type { SessionState } from "./state.ts";

/** Patterns are compared with each other pair by pair, so a scope has few and short ones. */
const MAX_GLOBS = 64;
const MAX_GLOB_LENGTH = 512;

/** A question is compared with every pattern that stands at or above it, so one principal holds few of them at a time. */
const MAX_HELD_GLOBS = 256;

/** Characters of a scope: of its paths, and of what else it says as JSON. Every summary, relay and record carries them. */
const MAX_SCOPE_CHARACTERS = 200_000;

/** Settings are replaced and never changed, so the rules of each are made once. */
const comparisons = new WeakMap<SessionSettings, { readonly rules: PathRules; readonly registry: Registry }>();

function comparisonOf(settings: SessionSettings): { readonly rules: PathRules; readonly registry: Registry } {
  const made = comparisons.get(settings);
  if (made !== undefined) return made;
  const rules = { foldCase: settings.fold_case, roots: settings.root === "" ? [] : [settings.root] };
  const comparison = { rules, registry: compileRegistry(settings, rules) };
  comparisons.set(settings, comparison);
  return comparison;
}

export function pathRules(settings: SessionSettings): PathRules {
  return comparisonOf(settings).rules;
}

export function registryOf(settings: SessionSettings): Registry {
  return comparisonOf(settings).registry;
}

interface Read {
  readonly scope: Scope;
  readonly settings: SessionSettings;
  readonly footprint: Footprint;
}

/** A scope is never changed once it is parsed, and is asked about as often as others meet it. */
const known = new WeakMap<Scope, Read>();

/** The scope that came last: it is folded next, and most are never asked about again. */
let last: Read | undefined;

/** What a scope stands for in this session; what does not parse is left out, because a fold never fails. */
export function footprintIn(scope: Scope, settings: SessionSettings): Footprint {
  const before = readBefore(scope, settings);
  if (before !== undefined) return before.footprint;
  const footprint = footprintOf(scope, pathRules(settings), registryOf(settings));
  known.set(scope, { scope, settings, footprint });
  return footprint;
}

/** The same for a scope that begins to stand now: what asks about it later is mostly the index that it goes into. */
export function footprintOnce(scope: Scope, settings: SessionSettings): Footprint {
  last = readBefore(scope, settings) ?? { scope, settings, footprint: footprintOf(scope, pathRules(settings), registryOf(settings)) };
  return last.footprint;
}

function readBefore(scope: Scope, settings: SessionSettings): Read | undefined {
  if (last?.scope === scope && last.settings === settings) return last;
  const before = known.get(scope);
  return before?.settings === settings ? before : undefined;
}

/** What these files stand for in this session, as a scope of nothing else. */
export function footprintOfFiles(resources: readonly Resource[], settings: SessionSettings): Footprint {
  return footprintOver(resources, { kind: "file_set" }, pathRules(settings), registryOf(settings));
}

/** The files of a recorded scope, and its pattern. */
export function resourcesOf(scope: Scope, settings: SessionSettings): readonly Resource[] {
  return footprintIn(scope, settings).resources;
}

/**
 * A scope as it is recorded: paths and a pattern normalised, the rest as it came. What stands under `resources` is files,
 * whatever the kind (SPEC 15.3.2); `resources` beside it are these, and the pattern.
 */
export function readScope(
  given: Scope,
  settings: SessionSettings,
): { readonly scope: Scope; readonly resources: readonly Resource[] } | { readonly rejected: Rejection } {
  const fits = (one: Scope): boolean => charactersIn(one) <= MAX_SCOPE_CHARACTERS;
  const isWhole = fits(given);
  const scope = isWhole ? given : withLessAdvice(given, fits);
  if (!isWhole && !fits(scope)) {
    const characters = charactersIn(scope);
    return refuse(
      "scope/refused",
      `the scope has ${characters} characters, at most ${MAX_SCOPE_CHARACTERS} are taken; name what holds them instead, such as folders`,
    );
  }
  const rules = pathRules(settings);
  const files = readPaths(scope.resources ?? [], rules);
  if ("rejected" in files) return files;
  const [readPattern] = patternIn(scope, rules);
  const pattern = readPattern === undefined ? undefined : taken(readPattern, scope.pattern ?? "");
  if (pattern !== undefined && "rejected" in pattern) return pattern;

  const resources = pattern === undefined ? files : [...files, pattern];
  const recorded = asRecorded(scope, files, pattern);
  last = { scope: recorded, settings, footprint: footprintOver(resources, recorded, rules, registryOf(settings)) };
  return { scope: recorded, resources };
}

/** Most clients write their paths as they are recorded. */
function asRecorded(scope: Scope, files: readonly Resource[], pattern: Resource | undefined): Scope {
  const given = scope.resources ?? undefined;
  const isListed = given !== undefined || scope.kind === "file_set";
  const isSame = given === undefined ? !isListed : given.length === files.length && files.every(({ path }, place) => path === given[place]);
  if (isSame && (pattern === undefined || pattern.path === scope.pattern)) return scope;
  return {
    ...scope,
    ...(isListed ? { resources: files.map(({ path }) => path) } : {}),
    ...(pattern === undefined ? {} : { pattern: pattern.path }),
  };
}

/** Each path once, the first as it was written; or why one of them is refused. */
function readPaths(texts: readonly string[], rules: PathRules): readonly Resource[] | { readonly rejected: Rejection } {
  const read: Resource[] = [];
  const keys = new Set<string>();
  let globs = 0;
  for (const text of texts) {
    const resource = taken(parseResource(text, rules), text);
    if ("rejected" in resource) return resource;
    if (keys.has(resource.key)) continue;
    if (resource.glob && (globs += 1) > MAX_GLOBS) {
      return refuse("scope/refused", `a scope has at most ${MAX_GLOBS} patterns; name their folder instead`, { resource: text });
    }
    keys.add(resource.key);
    read.push(resource);
  }
  return read;
}

/** One path as it was read, or why it is refused. */
function taken(resource: Resource | RefusedResource, text: string): Resource | { readonly rejected: Rejection } {
  if ("refused" in resource) return refuse("scope/refused", resource.refused, { resource: text });
  if (!resource.glob || text.length <= MAX_GLOB_LENGTH) return resource;
  return refuse("scope/refused", `a pattern has at most ${MAX_GLOB_LENGTH} characters; name the folder instead`, { resource: text });
}

function charactersIn(scope: Scope): number {
  let characters = saysMore(scope) ? besideFiles(scope) : 0;
  for (const text of scope.resources ?? []) characters += text.length;
  return characters;
}

function saysMore(scope: Scope): boolean {
  for (const member of Object.keys(scope)) if (member !== "kind" && member !== "resources") return true;
  return false;
}

function besideFiles({ kind: _kind, resources: _resources, ...rest }: Scope): number {
  return JSON.stringify(rest).length - "{}".length;
}

/** Patterns in a list of resources. A list is never changed once it is made, so it is counted once. */
const counted = new WeakMap<readonly Resource[], number>();

function globsIn(resources: readonly Resource[]): number {
  const before = counted.get(resources);
  if (before !== undefined) return before;
  const globs = resources.filter(isGlob).length;
  counted.set(resources, globs);
  return globs;
}

const isGlob = ({ glob }: Resource): boolean => glob;

/** Why the principal may not hold these as well, when it holds too many patterns already, those of `ending` not counted. */
export function tooManyGlobs(
  state: Readonly<SessionState>,
  principal: PrincipalId,
  resources: readonly Resource[],
  ending: ReadonlySet<IntentId>,
): { readonly rejected: Rejection } | undefined {
  if (!resources.some(isGlob)) return undefined;
  const asked = globsIn(resources);
  let held = 0;
  for (const id of state.patterned.get(principal) ?? []) {
    if (!ending.has(id)) held += globsIn(state.intents.get(id)?.resources ?? []);
  }
  if (held + asked <= MAX_HELD_GLOBS) return undefined;
  return refuse(
    "scope/refused",
    `${principal} would hold ${held + asked} patterns, at most ${MAX_HELD_GLOBS} are taken; yield tasks, or name folders instead`,
  );
}
