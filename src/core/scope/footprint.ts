/**
 * What a scope stands for, whatever its kind, and when two scopes meet (SPEC 15.2.1).
 *
 * | by         | when                                                                                        |
 * |------------|---------------------------------------------------------------------------------------------|
 * | `resource` | files of both overlap, or both stand for one canonical URI, given or by the registry        |
 * | `name`     | both name one entity, or one task; or both are of a kind that nobody can read and say the same |
 * | `possible` | same kind and nobody can read it; or another kind, and the words of one appear to name a file of the other |
 *
 * Where both have canonical URIs, those decide instead of what is only possible.
 */
import type { Scope } from "../../wire/mpac/messages.ts";
import { endsOf, type Hints, hintsOf, NO_HINTS } from "./hints.ts";
import type { Registry, Words } from "./registry.ts";
import { overlaps, parseResource, type PathRules, type RefusedResource, type Resource } from "./resource.ts";

export type Bond = "resource" | "name" | "possible";

export interface Footprint {
  readonly kind: string;
  /** Its files. What stands under `resources` is files, whatever the kind (SPEC 15.3.2). */
  readonly resources: readonly Resource[];
  /** Its entities and tasks, told apart by their first letter; of an opaque one, all that it says. */
  readonly names: readonly string[];
  /** Canonical URIs of what it stands for as a whole, and of what it stands for a part of, with what it writes for them. */
  readonly uris: Words;
  readonly partOf: Words;
  /** Whether nobody can read what it stands for: a query, `custom`, a kind that nobody knows. */
  readonly opaque: boolean;
  readonly hints: Hints;
}

/** What nearly every scope of files has: no names but its paths, and no URIs. */
const NO_NAMES: readonly string[] = [];
const NO_WORDS: Words = new Map();

const READABLE: ReadonlySet<string> = new Set(["file_set", "resource_path", "entity_set", "task_set"]);

/** What does not parse is left out, because a fold never fails. */
export function footprintOf(scope: Scope, rules: PathRules, registry: Registry): Footprint {
  return footprintOver(resourcesIn(scope, rules), scope, rules, registry);
}

function resourcesIn(scope: Scope, rules: PathRules): Resource[] {
  const read = [...(scope.resources ?? []).map((text) => parseResource(text, rules)), ...patternIn(scope, rules)];
  return read.filter((resource): resource is Resource => !("refused" in resource));
}

/** The same for one whose files have been read already: those under `resources`, and then its pattern. */
export function footprintOver(resources: readonly Resource[], scope: Scope, rules: PathRules, registry: Registry): Footprint {
  const { kind } = scope;
  const opaque = !READABLE.has(kind) && resources.length === 0;
  const files = registry.over(resources);
  return {
    kind,
    resources,
    names: opaque ? [`s:${sayingOf(scope)}`] : namesIn(scope),
    uris: urisOf(scope, registry, files.whole),
    partOf: files.part,
    opaque,
    hints: resources.length === 0 ? hintsOf(scope, rules) : NO_HINTS,
  };
}

/** The pattern of a `resource_path`. It is read from the root of the workspace, also when it begins with a slash: `/src/**`. */
export function patternIn({ kind, pattern }: Scope, rules: PathRules): (Resource | RefusedResource)[] {
  if (kind !== "resource_path" || typeof pattern !== "string") return [];
  const resource = parseResource(pattern, rules);
  return ["refused" in resource && pattern.startsWith("/") ? parseResource(pattern.replace(/^\/+/, ""), rules) : resource];
}

function namesIn({ kind, entities, task_ids }: Scope): readonly string[] {
  if (kind === "entity_set") return [...new Set(entities)].map((entity) => `e:${entity}`);
  return kind === "task_set" ? [...new Set(task_ids)].map((task) => `t:${task}`) : NO_NAMES;
}

/** What a scope names that is no file, as an alias of the registry would name it. */
export function entriesOf({ kind, entities, task_ids, expression }: Scope): readonly string[] {
  if (kind === "entity_set") return entities ?? [];
  if (kind === "task_set") return task_ids ?? NO_NAMES;
  return kind === "query" && typeof expression === "string" ? [expression] : NO_NAMES;
}

function urisOf(scope: Scope, registry: Registry, files: Words): Words {
  const entries = entriesOf(scope);
  const given = scope.canonical_uris ?? NO_NAMES;
  if (files.size + entries.length + given.length === 0) return NO_WORDS;
  const uris = new Map<string, string[]>();
  const add = (uri: string, word: string): void => {
    const words = uris.get(uri) ?? [];
    uris.set(uri, words);
    words.push(word);
  };
  for (const [uri, paths] of files) for (const path of paths) add(uri, path);
  for (const entry of entries) for (const uri of registry.named(scope.kind, entry)) add(uri, entry);
  for (const uri of given) add(uri, uri);
  return uris;
}

/** All that a scope says, the same however its members are ordered. */
function sayingOf(scope: Scope): string {
  return JSON.stringify(scope, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function hasUris({ uris, partOf }: Footprint): boolean {
  return uris.size + partOf.size > 0;
}

/** By what two scopes meet, the strongest of it. Symmetric. */
export function bondOf(a: Footprint, b: Footprint): Bond | undefined {
  if (overlapping(a.resources, b.resources) || sharesUri(a, b)) return "resource";
  if (share(a.names, b.names)) return "name";
  return mayMeet(a, b) && (isUnreadable(a, b) || isHintedAt(a, b) || isHintedAt(b, a)) ? "possible" : undefined;
}

/** Whether what is only possible counts between the two. */
export function mayMeet(a: Footprint, b: Footprint): boolean {
  return !(hasUris(a) && hasUris(b)) && (a.kind !== b.kind || isUnreadable(a, b));
}

function isUnreadable(a: Footprint, b: Footprint): boolean {
  return a.opaque && b.opaque && a.kind === b.kind;
}

/** Whether the words of `hinting` appear to name something of the other's, or what its words name. */
function isHintedAt(hinting: Footprint, { resources, hints }: Footprint): boolean {
  const { files, modules } = hinting.hints;
  return overlapping(files, resources) || overlapping(files, hints.files) || share(modules, resources.flatMap(endsOf));
}

function sharesUri(a: Footprint, b: Footprint): boolean {
  const share = (some: Words, others: Words): boolean => [...some.keys()].some((uri) => others.has(uri));
  return share(a.uris, b.uris) || share(a.uris, b.partOf) || share(a.partOf, b.uris);
}

function overlapping(some: readonly Resource[], others: readonly Resource[]): boolean {
  return some.some((one) => others.some((other) => overlaps(one, other)));
}

function share(some: readonly string[], others: readonly string[]): boolean {
  if (some.length === 0 || others.length === 0) return false;
  const known = new Set(others);
  return some.some((one) => known.has(one));
}
