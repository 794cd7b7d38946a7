/**
 * What a scope says about whom its changes reach: files that use what it changes, and by which names.
 *
 * Its client finds that out and sends it under `scope.extensions`. It is advice, so nothing of it is refused: what is no
 * path is left out, as are files beyond the first 1,000, and names that are not said, or are too many, count as any name.
 */
import { type JsonObject, membersIn } from "../../wire/json.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import { parseResource, type Resource } from "../scope/resource.ts";
import { type ChangedNames, changedNames } from "./dependency-names.ts";
import { MAX_IMPACT_FILES } from "./dependency-trim.ts";
import { pathRules } from "./scopes.ts";

/** Names of one list. */
const MAX_NAMES = 128;
const MAX_NAME_LENGTH = 256;

export interface Reach {
  /** Files that use what the scope changes. */
  readonly impact: readonly Resource[];
  /** Names that each of them uses, by its path; undefined: any. */
  readonly uses: ReadonlyMap<string, readonly string[] | undefined>;
  /** What the scope changes; undefined: anything. */
  readonly changes: ChangedNames | undefined;
  /** Names of others that it will use once it is done; undefined: any. */
  readonly plans: readonly string[] | undefined;
}

/** Of a scope without a word of it. */
const NO_ADVICE: Reach = { impact: [], uses: new Map(), changes: undefined, plans: [] };

/** Scopes are never changed once they are recorded, so each is read once for the rules it is compared by. */
const known = new WeakMap<Scope, { readonly settings: SessionSettings; readonly reach: Reach }>();

export function reachOf(scope: Scope, settings: SessionSettings): Reach {
  if (scope["extensions"] === undefined) return NO_ADVICE;
  const before = known.get(scope);
  if (before?.settings === settings) return before.reach;
  const reach = read(scope, settings);
  known.set(scope, { settings, reach });
  return reach;
}

function read(scope: Scope, settings: SessionSettings): Reach {
  const said = membersIn(scope["extensions"]);
  const impact = filesIn(said["impact"], settings);
  const used = usesIn(membersIn(said["impact_symbols"]), impact, settings);
  const changes = namesIn(said["affects_symbols"]);
  return {
    impact,
    uses: new Map(impact.map(({ key, path }) => [path, used.get(key)])),
    changes: changes === undefined || changes.length === 0 ? undefined : changedNames(changes),
    plans: said["depends_on_symbols"] === undefined ? [] : namesIn(said["depends_on_symbols"]),
  };
}

function filesIn(value: unknown, settings: SessionSettings): Resource[] {
  const rules = pathRules(settings);
  const byKey = new Map<string, Resource>();
  for (const text of Array.isArray(value) ? value : []) {
    if (byKey.size >= MAX_IMPACT_FILES) break;
    const file = typeof text === "string" ? parseResource(text, rules) : undefined;
    if (file === undefined || "refused" in file || file.glob || file.key === "") continue;
    if (!byKey.has(file.key)) byKey.set(file.key, file);
  }
  return [...byKey.values()];
}

function usesIn(said: JsonObject, impact: readonly Resource[], settings: SessionSettings): Map<string, readonly string[] | undefined> {
  const rules = pathRules(settings);
  const wanted = new Set(impact.map(({ key }) => key));
  const uses = new Map<string, readonly string[] | undefined>();
  for (const [text, names] of Object.entries(said)) {
    const file = parseResource(text, rules);
    if (!("refused" in file) && wanted.has(file.key)) uses.set(file.key, namesIn(names));
  }
  return uses;
}

/** The names of a list; undefined when it is none, or says more than is read. */
function namesIn(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_NAMES) return undefined;
  const names = value.filter((name): name is string => typeof name === "string" && name !== "");
  return names.some((name) => name.length > MAX_NAME_LENGTH) ? undefined : names;
}
