/** Which of many held scopes of files a scope overlaps: paths that stand in a tree, and by whom they are held. */
import { createPathTree, type Entry, type PathTree } from "./path-tree.ts";
import type { Resource } from "./resource.ts";

export type { ResourcePair } from "./path-tree.ts";

export interface ScopeIndex extends Pick<PathTree, "nodes" | "overlapping"> {
  /** How many ids are held. */
  readonly size: number;
  /** Holds the resources under `id`, instead of what it held before. Two with the same key count once, the first. */
  add(id: string, resources: readonly Resource[]): void;
  /** Lets go of all that `id` holds; nothing of it is left behind. An id that holds nothing is left alone. */
  remove(id: string): void;
}

export function createScopeIndex(): ScopeIndex {
  const tree = createPathTree();
  const entriesOf = new Map<string, readonly Entry[]>();

  function remove(id: string): void {
    const entries = entriesOf.get(id);
    if (entries === undefined) return;
    tree.release(id, entries);
    entriesOf.delete(id);
  }

  return {
    get size() {
      return entriesOf.size;
    },
    get nodes() {
      return tree.nodes;
    },
    add(id, resources) {
      remove(id);
      entriesOf.set(id, tree.hold(id, resources));
    },
    remove,
    overlapping: (resources, limit) => tree.overlapping(resources, limit),
  };
}
