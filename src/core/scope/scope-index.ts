/**
 * Which of many held scopes a scope overlaps, without looking at those that are elsewhere.
 *
 * Holders of one key share one entry, found by a Map; entries stand in a trie at their path, globs at the folder before
 * their first wildcard. A question walks down its own path, meets what stands above it, and takes what stands below: it
 * costs its depth, its hits, and one comparison for each different glob that stands at or above it. A question that is
 * a glob walks on only where it can still match.
 */
import {
  advance,
  compileGlob,
  type Glob,
  isFileName,
  pathAlone,
  pathAsAsked,
  patternsMeet,
  type SegmentPattern,
  segmentsOf,
  startOf,
} from "./glob.ts";
import type { Resource } from "./resource.ts";
import { createTrie, type TrieNode } from "./trie.ts";

/** Two paths that overlap, each as its own side wrote it. */
export interface ResourcePair {
  readonly asked: string;
  readonly held: string;
}

export interface ScopeIndex {
  /** How many ids are held. */
  readonly size: number;
  /** How many folders and files are remembered on their behalf: 0 when nothing is held. */
  readonly nodes: number;
  /** Holds the resources under `id`, instead of what it held before. Two with the same key count once, the first. */
  add(id: string, resources: readonly Resource[]): void;
  /** Lets go of all that `id` holds; nothing of it is left behind. An id that holds nothing is left alone. */
  remove(id: string): void;
  /**
   * What overlaps, by id in code unit order, and under each id the pairs by asked and then held path: the same answer
   * however the index came to hold what it holds. `limit` is the most ids in the answer, the first in order.
   */
  overlapping(resources: readonly Resource[], limit?: number): ReadonlyMap<string, readonly ResourcePair[]>;
}

/** All that is held under one key: shown paths by the id of their holder. */
interface Entry {
  readonly key: string;
  readonly glob: Glob | undefined;
  readonly node: TrieNode<Entry>;
  readonly holders: Map<string, string>;
}

export function createScopeIndex(): ScopeIndex {
  const trie = createTrie<Entry>();
  const entries = new Map<string, Entry>();
  const entriesOf = new Map<string, readonly Entry[]>();

  function enter({ key, glob }: Resource): Entry {
    const compiled = glob ? compileGlob(key) : undefined;
    const node = trie.grow(compiled?.base ?? segmentsOf(key));
    const entry: Entry = { key, glob: compiled, node, holders: new Map() };
    if (glob) (node.globs ??= new Set()).add(entry);
    else node.plain = entry;
    entries.set(key, entry);
    return entry;
  }

  function drop(entry: Entry): void {
    const { node } = entry;
    entries.delete(entry.key);
    if (entry.glob === undefined) node.plain = undefined;
    else node.globs?.delete(entry);
    if (node.globs?.size === 0) node.globs = undefined;
    trie.prune(node);
  }

  function remove(id: string): void {
    for (const entry of entriesOf.get(id) ?? []) {
      entry.holders.delete(id);
      if (entry.holders.size === 0) drop(entry);
    }
    entriesOf.delete(id);
  }

  return {
    get size() {
      return entriesOf.size;
    },
    get nodes() {
      return trie.nodes;
    },
    add(id, resources) {
      remove(id);
      const held: Entry[] = [];
      for (const resource of oncePerKey(resources)) {
        const entry = entries.get(resource.key) ?? enter(resource);
        entry.holders.set(id, resource.path);
        held.push(entry);
      }
      entriesOf.set(id, held);
    },
    remove,
    overlapping(resources, limit = Infinity) {
      const hits = new Map<string, ResourcePair[]>();
      for (const { key, glob, path } of oncePerKey(resources)) {
        const hit = (entry: Entry) => {
          for (const [id, held] of entry.holders) {
            const pairs = hits.get(id);
            if (pairs === undefined) hits.set(id, [{ asked: path, held }]);
            else pairs.push({ asked: path, held });
          }
        };
        if (glob) visitGlob(trie.root, compileGlob(key), hit);
        else visitPath(trie.root, key, hit);
      }
      const ids = [...hits.keys()].sort().slice(0, limit);
      return new Map(ids.map((id) => [id, (hits.get(id) ?? []).sort(byPaths)]));
    },
  };
}

type Visit = (entry: Entry) => void;

/** Everything that stands at or below the path lies inside it. */
function visitPath(root: TrieNode<Entry>, key: string, hit: Visit): void {
  const top = visitAbove(root, segmentsOf(key), pathAsAsked(key), hit);
  const open = top === undefined ? [] : [top];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.plain !== undefined) hit(node.plain);
    for (const entry of node.globs ?? []) hit(entry);
    for (const child of node.children?.values() ?? []) open.push(child);
  }
}

/** A node is visited only while the glob can match at or under it, which is what a plain path there overlaps with. */
function visitGlob(root: TrieNode<Entry>, glob: Glob, hit: Visit): void {
  const top = visitAbove(root, glob.base, glob, hit);
  if (top === undefined) return;
  const places = glob.base.reduce((reached, name) => advance(glob, reached, name), startOf(glob));
  const open = [{ node: top, places }];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    const { node, places: reached } = step;
    if (node.plain !== undefined && (node === top || reaches(glob, node.plain.key))) hit(node.plain);
    visitGlobsAt(node, glob, hit);
    for (const child of node.children?.values() ?? []) {
      const further = advance(glob, reached, child.name);
      if (further.length > 0) open.push({ node: child, places: further });
    }
  }
}

/** Whether a glob that has come as far as this plain path meets it: under a file there is nothing left to match. */
function reaches(glob: Glob, plainKey: string): boolean {
  return !isFileName(plainKey) || patternsMeet(glob, pathAlone(plainKey));
}

/** Visits what stands above the folder, and returns its own node when there is one. */
function visitAbove(root: TrieNode<Entry>, folder: readonly string[], asked: SegmentPattern, hit: Visit): TrieNode<Entry> | undefined {
  let node: TrieNode<Entry> | undefined = root;
  for (const name of folder) {
    if (node.plain !== undefined) hit(node.plain);
    visitGlobsAt(node, asked, hit);
    node = node.children?.get(name);
    if (node === undefined) return undefined;
  }
  return node;
}

function visitGlobsAt(node: TrieNode<Entry>, asked: SegmentPattern, hit: Visit): void {
  for (const entry of node.globs ?? []) {
    if (entry.glob !== undefined && patternsMeet(entry.glob, asked)) hit(entry);
  }
}

function oncePerKey(resources: readonly Resource[]): readonly Resource[] {
  if (resources.length < 2) return resources;
  const first = new Map<string, Resource>();
  for (const resource of resources) {
    if (!first.has(resource.key)) first.set(resource.key, resource);
  }
  return [...first.values()];
}

function byPaths(a: ResourcePair, b: ResourcePair): number {
  return compare(a.asked, b.asked) || compare(a.held, b.held);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
