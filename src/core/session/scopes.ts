/** Which files a scope stands for, and what a scope looks like once it is recorded (SPEC 15.2). */
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionSettings } from "../../wire/session.ts";
import { type Footprint, footprintOf, patternIn } from "../scope/footprint.ts";
import { compileRegistry, type Registry } from "../scope/registry.ts";
import { parseResource, type PathRules, type RefusedResource, type Resource } from "../scope/resource.ts";
import { withLessAdvice } from "./dependency-trim.ts";
import type { SessionState } from "./state.ts";
import { refuse } from "./verdict.ts";

/** Patterns are compared with each other pair by pair, so a scope has few and short ones. */
const MAX_GLOBS = 64;
const MAX_GLOB_LENGTH = 512;

/** A question is compared with every pattern that stands at or above it, so one principal holds few of them at a time. */
const MAX_HELD_GLOBS = 256;

/** Characters of a scope: of its paths, and of what else it says as JSON. Every summary, relay and record carries them. */
const MAX_SCOPE_CHARACTERS = 200_000;

export function pathRules(settings: SessionSettings): PathRules {
  return { foldCase: settings.fold_case, roots: settings.root === "" ? [] : [settings.root] };
}

/** Settings are replaced and never changed, so each registry is compiled once. */
const registries = new WeakMap<SessionSettings, Registry>();

export function registryOf(settings: SessionSettings): Registry {
  const known = registries.get(settings) ?? compileRegistry(settings, pathRules(settings));
  registries.set(settings, known);
  return known;
}

/** A scope is never changed once it is parsed, and is asked about as often as others meet it. */
const read = new WeakMap<Scope, { readonly settings: SessionSettings; readonly footprint: Footprint }>();

/** What a scope stands for in this session; what does not parse is left out, because a fold never fails. */
export function footprintIn(scope: Scope, settings: SessionSettings): Footprint {
  const known = read.get(scope);
  if (known?.settings === settings) return known.footprint;
  const footprint = footprintOf(scope, pathRules(settings), registryOf(settings));
  read.set(scope, { settings, footprint });
  return footprint;
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
  const scope = withLessAdvice(given, (one) => charactersIn(one) <= MAX_SCOPE_CHARACTERS);
  const characters = charactersIn(scope);
  if (characters > MAX_SCOPE_CHARACTERS) {
    return refuse(
      "scope/refused",
      `the scope has ${characters} characters, at most ${MAX_SCOPE_CHARACTERS} are taken; name what holds them instead, such as folders`,
    );
  }
  const rules = pathRules(settings);
  const paths = pathsOf((scope.resources ?? []).map((text) => ({ text, resource: parseResource(text, rules) })));
  if ("rejected" in paths) return paths;
  const pattern = pathsOf(patternIn(scope, rules).map((resource) => ({ text: scope.pattern ?? "", resource })));
  if ("rejected" in pattern) return pattern;

  const recorded: Scope = {
    ...scope,
    ...(scope.kind === "file_set" || (scope.resources ?? null) !== null ? { resources: paths } : {}),
    ...(pattern[0] === undefined ? {} : { pattern: pattern[0] }),
  };
  return { scope: recorded, resources: footprintIn(recorded, settings).resources };
}

interface ReadPath {
  readonly text: string;
  readonly resource: Resource | RefusedResource;
}

/** Each path once, as it is shown; or why one of them is refused. */
function pathsOf(all: readonly ReadPath[]): string[] | { readonly rejected: Rejection } {
  const byKey = new Map<string, Resource>();
  let globs = 0;
  for (const { text, resource } of all) {
    if ("refused" in resource) return refuse("scope/refused", resource.refused, { resource: text });
    if (resource.glob && text.length > MAX_GLOB_LENGTH) {
      return refuse("scope/refused", `a pattern has at most ${MAX_GLOB_LENGTH} characters; name the folder instead`, { resource: text });
    }
    if (resource.glob && !byKey.has(resource.key) && (globs += 1) > MAX_GLOBS) {
      return refuse("scope/refused", `a scope has at most ${MAX_GLOBS} patterns; name their folder instead`, { resource: text });
    }
    if (!byKey.has(resource.key)) byKey.set(resource.key, resource);
  }
  return [...byKey.values()].map(({ path }) => path);
}

function charactersIn({ kind: _kind, resources, ...rest }: Scope): number {
  const beside = JSON.stringify(rest).length - "{}".length;
  return (resources ?? []).reduce((sum, text) => sum + text.length, beside);
}

/** Patterns in a list of resources. A list is never changed once it is made, so it is counted once. */
const counted = new WeakMap<readonly Resource[], number>();

function globsIn(resources: readonly Resource[]): number {
  const known = counted.get(resources);
  if (known !== undefined) return known;
  const globs = resources.filter((resource) => resource.glob).length;
  counted.set(resources, globs);
  return globs;
}

/** Why the principal may not hold these as well, when it holds too many patterns already, those of `ending` not counted. */
export function tooManyGlobs(
  state: Readonly<SessionState>,
  principal: PrincipalId,
  resources: readonly Resource[],
  ending: ReadonlySet<IntentId>,
): { readonly rejected: Rejection } | undefined {
  const asked = globsIn(resources);
  if (asked === 0) return undefined;
  let held = 0;
  for (const id of state.participants.get(principal)?.intents ?? []) {
    if (!ending.has(id)) held += globsIn(state.intents.get(id)?.resources ?? []);
  }
  if (held + asked <= MAX_HELD_GLOBS) return undefined;
  return refuse(
    "scope/refused",
    `${principal} would hold ${held + asked} patterns, at most ${MAX_HELD_GLOBS} are taken; yield tasks, or name folders instead`,
  );
}
