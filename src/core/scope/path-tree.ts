/**
 * Which of many held paths a path overlaps, without looking at those that are elsewhere.
 *
 * Holders of one key share one entry; entries stand in a trie at their path, globs at the folder before their first
 * wildcard. A question walks down its own path, meets what stands above it, and takes what stands below: it costs its
 * depth, its hits, and one comparison for each different glob that stands at or above it. A question that is a glob
 * walks on only where it can still match.
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
import { childOf, childrenOf, createTrie, type TrieNode } from "./trie.ts";

/** Two paths that overlap, each as its own side wrote it. */
export interface ResourcePair {
  readonly asked: string;
  readonly held: string;
}

/** All that is held under one key: shown paths by the id of their holder. Most have one holder and no use for a map. */
export interface Entry {
  readonly key: string;
  readonly glob: Glob | undefined;
  readonly node: TrieNode<Entry>;
  first: { readonly id: string; readonly path: string } | undefined;
  others: Map<string, string> | undefined;
}

export interface PathTree {
  /** How many folders and files are remembered: 0 when nothing is held. */
  readonly nodes: number;
  /** Holds the resources under `id`, which holds nothing here, and says by what they are let go again. Two with the same key count once, the first. */
  hold(id: string, resources: readonly Resource[]): readonly Entry[];
  /** Lets go of what `hold` said; nothing of it is left behind. */
  release(id: string, entries: readonly Entry[]): void;
  /**
   * What overlaps, by id in code unit order, and under each id the pairs by asked and then held path: the same answer
   * however the tree came to hold what it holds. `limit` is the most ids in the answer, the first in order.
   */
  overlapping(resources: readonly Resource[], limit?: number): ReadonlyMap<string, readonly ResourcePair[]>;
}

const NOTHING: ReadonlyMap<string, readonly ResourcePair[]> = new Map();

export function createPathTree(): PathTree {
  const trie = createTrie<Entry>();

  function enter({ key, glob }: Resource): Entry {
    const compiled = glob ? compileGlob(key) : undefined;
    const node = trie.grow(compiled?.base ?? segmentsOf(key));
    const known = compiled === undefined ? node.plain : node.globs?.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { key, glob: compiled, node, first: undefined, others: undefined };
    if (compiled === undefined) node.plain = entry;
    else (node.globs ??= new Map()).set(key, entry);
    return entry;
  }

  function drop({ key, glob, node }: Entry): void {
    if (glob === undefined) node.plain = undefined;
    else node.globs?.delete(key);
    if (node.globs?.size === 0) node.globs = undefined;
    trie.prune(node);
  }

  return {
    get nodes() {
      return trie.nodes;
    },
    hold(id, resources) {
      const held: Entry[] = [];
      for (const resource of oncePerKey(resources)) {
        const entry = enter(resource);
        if (entry.first === undefined) entry.first = { id, path: resource.path };
        else (entry.others ??= new Map()).set(id, resource.path);
        held.push(entry);
      }
      return held;
    },
    release(id, entries) {
      for (const entry of entries) {
        if (entry.first?.id === id) entry.first = undefined;
        else entry.others?.delete(id);
        if (entry.others?.size === 0) entry.others = undefined;
        if (entry.first === undefined && entry.others === undefined) drop(entry);
      }
    },
    overlapping(resources, limit = Infinity) {
      let hits: Map<string, ResourcePair[]> | undefined;
      let asked = "";
      const note = (id: string, held: string): void => {
        hits ??= new Map();
        const pairs = hits.get(id);
        if (pairs === undefined) hits.set(id, [{ asked, held }]);
        else pairs.push({ asked, held });
      };
      const hit = ({ first, others }: Entry): void => {
        if (first !== undefined) note(first.id, first.path);
        if (others !== undefined) for (const [id, held] of others) note(id, held);
      };
      for (const { key, glob, path } of oncePerKey(resources)) {
        asked = path;
        if (glob) visitGlob(trie.root, compileGlob(key), hit);
        else visitPath(trie.root, key, hit);
      }
      return hits === undefined ? NOTHING : inOrder(hits, limit);
    },
  };
}

function inOrder(hits: ReadonlyMap<string, ResourcePair[]>, limit: number): ReadonlyMap<string, readonly ResourcePair[]> {
  const ordered = new Map<string, readonly ResourcePair[]>();
  for (const id of [...hits.keys()].sort()) {
    if (ordered.size >= limit) break;
    const pairs = hits.get(id) ?? [];
    ordered.set(id, pairs.length === 1 ? pairs : pairs.sort(byPaths));
  }
  return ordered;
}

type Visit = (entry: Entry) => void;

/** Everything that stands at or below the path lies inside it. */
function visitPath(root: TrieNode<Entry>, key: string, hit: Visit): void {
  const top = visitAbove(root, segmentsOf(key), () => pathAsAsked(key), hit);
  if (top === undefined) return;
  const open = [top];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.plain !== undefined) hit(node.plain);
    if (node.globs !== undefined) for (const entry of node.globs.values()) hit(entry);
    if (node.children !== undefined) for (const child of childrenOf(node)) open.push(child);
  }
}

/** A node is visited only while the glob can match at or under it, which is what a plain path there overlaps with. */
function visitGlob(root: TrieNode<Entry>, glob: Glob, hit: Visit): void {
  const top = visitAbove(root, glob.base, () => glob, hit);
  if (top === undefined) return;
  const places = glob.base.reduce((reached, name) => advance(glob, reached, name), startOf(glob));
  const open = [{ node: top, places }];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    const { node, places: reached } = step;
    if (node.plain !== undefined && (node === top || reaches(glob, node.plain.key))) hit(node.plain);
    visitGlobsAt(node, glob, hit);
    for (const child of childrenOf(node)) {
      const further = advance(glob, reached, child.name);
      if (further.length > 0) open.push({ node: child, places: further });
    }
  }
}

/** Whether a glob that has come as far as this plain path meets it: under a file there is nothing left to match. */
function reaches(glob: Glob, plainKey: string): boolean {
  return !isFileName(plainKey) || patternsMeet(glob, pathAlone(plainKey));
}

/** Visits what stands above the folder, and returns its own node when there is one. Few ways lead past a glob, so what it is asked with is made there. */
function visitAbove(root: TrieNode<Entry>, folder: readonly string[], asks: () => SegmentPattern, hit: Visit): TrieNode<Entry> | undefined {
  let node: TrieNode<Entry> = root;
  let asked: SegmentPattern | undefined;
  for (const name of folder) {
    if (node.plain !== undefined) hit(node.plain);
    if (node.globs !== undefined) visitGlobsAt(node, (asked ??= asks()), hit);
    const child = childOf(node, name);
    if (child === undefined) return undefined;
    node = child;
  }
  return node;
}

function visitGlobsAt({ globs }: TrieNode<Entry>, asked: SegmentPattern, hit: Visit): void {
  if (globs === undefined) return;
  for (const entry of globs.values()) {
    if (entry.glob !== undefined && patternsMeet(entry.glob, asked)) hit(entry);
  }
}

/** Lists so short are compared pair by pair. */
const FEW = 8;

function oncePerKey(resources: readonly Resource[]): readonly Resource[] {
  if (resources.length <= FEW && !hasTwice(resources)) return resources;
  const first = new Map<string, Resource>();
  for (const resource of resources) {
    if (!first.has(resource.key)) first.set(resource.key, resource);
  }
  return [...first.values()];
}

function hasTwice(resources: readonly Resource[]): boolean {
  for (let one = 1; one < resources.length; one += 1) {
    for (let other = 0; other < one; other += 1) if (resources[one]?.key === resources[other]?.key) return true;
  }
  return false;
}

function byPaths(a: ResourcePair, b: ResourcePair): number {
  return compare(a.asked, b.asked) || compare(a.held, b.held);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
