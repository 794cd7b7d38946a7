/**
 * Which of many held scopes of any kind a scope meets, and by what: the same answer as asking about each pair.
 *
 * Files stand in a trie; entities, tasks, canonical URIs and the ends of paths in maps by their exact text; files that
 * words appear to name in a trie of their own. Only scopes that nobody can read stand in a list, one for each kind. So a
 * question costs its depth and its hits, never the number of those that are elsewhere.
 */
import { type Bond, type Footprint, hasUris, mayMeet } from "./footprint.ts";
import { createEndIndex } from "./end-index.ts";
import { endOf, endsOf } from "./hints.ts";
import { createKeyIndex } from "./key-index.ts";
import { createPathTree, type Entry, type ResourcePair } from "./path-tree.ts";
import type { Words } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { createScopeIndex, type ScopeIndex } from "./scope-index.ts";

/** By what a held scope is met, and the words of the asking one that meet it; none where nobody can read either. */
export interface Hit {
  readonly by: Bond;
  readonly words: readonly string[];
}

/** Files are asked about as of a `ScopeIndex`. */
export interface FootprintIndex extends Pick<ScopeIndex, "size" | "nodes" | "remove" | "overlapping"> {
  /** Holds the scope under `id`, instead of what it held before. */
  add(id: string, footprint: Footprint): void;
  /** What meets it, by id in code unit order, by the strongest bond: the same answer however the index came to hold what it holds. */
  meeting(asked: Footprint): ReadonlyMap<string, Hit>;
}

/** A scope with the entries of its files, by which they are let go. */
interface Held {
  readonly footprint: Footprint;
  readonly files: readonly Entry[];
}

const NO_HITS: ReadonlyMap<string, Hit> = new Map();

const STRENGTH = { resource: 2, name: 1, possible: 0 } as const satisfies Record<Bond, number>;

export function createFootprintIndex(): FootprintIndex {
  const held = new Map<string, Held>();
  const files = createPathTree();
  /** Files that words appear to name. */
  const named = createScopeIndex();
  /** Entities, tasks, URIs and lists of those that nobody can read, told apart by their first letter. */
  const keys = createKeyIndex();
  const modules = createKeyIndex();
  const ends = createEndIndex();

  function remove(id: string): void {
    const known = held.get(id);
    if (known === undefined) return;
    const { footprint } = known;
    held.delete(id);
    files.release(id, known.files);
    if (footprint.hints.files.length > 0) named.remove(id);
    keys.remove(id, keysOf(footprint));
    modules.remove(id, footprint.hints.modules);
    for (const resource of footprint.resources) {
      const end = endOf(resource);
      if (end !== undefined) ends.remove(id, end);
    }
  }

  /** Whatever is only possible: each is looked at once more, because two scopes with URIs are compared by those. */
  function possible(asked: Footprint, note: (id: string, by: Bond, word?: string) => void): void {
    const noteIf = (id: string, word?: string): void => {
      const other = held.get(id);
      if (other !== undefined && mayMeet(asked, other.footprint)) note(id, "possible", word);
    };
    const noteAll = (ids: Iterable<string>, word?: string): void => {
      for (const id of ids) noteIf(id, word);
    };
    const notePaths = (index: Pick<ScopeIndex, "overlapping">, paths: readonly Resource[]): void => {
      for (const [id, pairs] of index.overlapping(paths)) for (const pair of pairs) noteIf(id, pair.asked);
    };
    const { kind, opaque, hints, resources } = asked;
    if (opaque) noteAll(keys.holders(`o:${kind}`));
    if (opaque && !hasUris(asked)) noteAll(keys.holders(`q:${kind}`));
    notePaths(files, hints.files);
    notePaths(named, hints.files);
    notePaths(named, resources);
    for (const module of hints.modules) noteAll(ends.holders(module), module.replaceAll("/", "."));
    if (modules.size === 0) return;
    for (const resource of resources) for (const end of endsOf(resource)) noteAll(modules.holders(end), resource.path);
  }

  return {
    get size() {
      return held.size;
    },
    get nodes() {
      return files.nodes + named.nodes + keys.size + modules.size + ends.size;
    },
    add(id, footprint) {
      remove(id);
      held.set(id, { footprint, files: files.hold(id, footprint.resources) });
      if (footprint.hints.files.length > 0) named.add(id, footprint.hints.files);
      keys.add(id, keysOf(footprint));
      modules.add(id, footprint.hints.modules);
      for (const resource of footprint.resources) {
        const end = endOf(resource);
        if (end !== undefined) ends.add(id, end);
      }
    },
    remove,
    overlapping: (resources, limit) => files.overlapping(resources, limit),
    meeting(asked) {
      const overlapping = files.overlapping(asked.resources);
      if (isOfFilesAlone(asked) && named.size + modules.size === 0) return hitsOf(overlapping);
      const hits = new Map<string, { readonly by: Bond; readonly words: Set<string> }>();
      const note = (id: string, by: Bond, word?: string): void => {
        const hit = hits.get(id);
        if (hit === undefined || STRENGTH[hit.by] < STRENGTH[by]) hits.set(id, { by, words: new Set(word === undefined ? [] : [word]) });
        else if (hit.by === by && word !== undefined) hit.words.add(word);
      };
      for (const [id, pairs] of overlapping) for (const pair of pairs) note(id, "resource", pair.asked);
      const noteUris = (uris: Words, as: "u" | "p"): void => {
        for (const [uri, words] of uris) {
          for (const id of keys.holders(`${as}:${uri}`)) for (const word of words) note(id, "resource", word);
        }
      };
      noteUris(asked.uris, "u");
      noteUris(asked.uris, "p");
      noteUris(asked.partOf, "u");
      for (const name of asked.names) {
        for (const id of keys.holders(name)) note(id, "name", asked.opaque ? undefined : name.slice(2));
      }
      possible(asked, note);
      return new Map([...hits].sort(byId).map(([id, { by, words }]) => [id, { by, words: [...words] }]));
    },
  };
}

/** Where files alone are compared, in the order in which they come. */
function hitsOf(overlapping: ReadonlyMap<string, readonly ResourcePair[]>): ReadonlyMap<string, Hit> {
  if (overlapping.size === 0) return NO_HITS;
  const hits = new Map<string, Hit>();
  for (const [id, pairs] of overlapping) hits.set(id, { by: "resource", words: askedIn(pairs) });
  return hits;
}

/** Each asked path once; pairs come in the order of those. */
function askedIn(pairs: readonly ResourcePair[]): readonly string[] {
  const words: string[] = [];
  for (const { asked } of pairs) if (asked !== words.at(-1)) words.push(asked);
  return words;
}

/** Whether nothing but its files says what it stands for. */
function isOfFilesAlone(footprint: Footprint): boolean {
  return !footprint.opaque && footprint.resources.length > 0 && footprint.names.length === 0 && !hasUris(footprint);
}

const NO_KEYS: readonly string[] = [];

function keysOf(footprint: Footprint): readonly string[] {
  if (isOfFilesAlone(footprint)) return NO_KEYS;
  const { kind, names, uris, partOf, opaque } = footprint;
  const list = opaque ? [`${hasUris(footprint) ? "q" : "o"}:${kind}`] : [];
  return [...names, ...[...uris.keys()].map((uri) => `u:${uri}`), ...[...partOf.keys()].map((uri) => `p:${uri}`), ...list];
}

function byId([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}
