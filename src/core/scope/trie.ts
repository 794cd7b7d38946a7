/**
 * Where things stand in a tree of folders: a node for each segment on the way to something that is kept, and no other.
 *
 * A node keeps at most one thing that stands for its path and everything under it, and any number of patterns that
 * match only below or at it.
 */

export interface TrieNode<Kept> {
  readonly name: string;
  readonly parent: TrieNode<Kept> | undefined;
  /** Made with the first child and dropped with the last: most nodes are files. */
  children: Map<string, TrieNode<Kept>> | undefined;
  plain: Kept | undefined;
  globs: Set<Kept> | undefined;
}

export interface Trie<Kept> {
  readonly root: TrieNode<Kept>;
  /** Nodes below the root. */
  readonly nodes: number;
  /** The node of a path, made with its way when it is not there. Keep something in it, or call `prune`. */
  grow(segments: readonly string[]): TrieNode<Kept>;
  /** Takes away the node when it keeps nothing and leads to nothing, and then its parents likewise. */
  prune(node: TrieNode<Kept>): void;
}

export function createTrie<Kept>(): Trie<Kept> {
  const root = nodeUnder<Kept>(undefined, "");
  let nodes = 0;

  return {
    root,
    get nodes() {
      return nodes;
    },
    grow(segments) {
      let node = root;
      for (const name of segments) {
        node.children ??= new Map();
        let child = node.children.get(name);
        if (child === undefined) {
          child = nodeUnder(node, name);
          node.children.set(name, child);
          nodes += 1;
        }
        node = child;
      }
      return node;
    },
    prune(start) {
      let node = start;
      while (node.parent !== undefined && isIdle(node)) {
        const { parent } = node;
        parent.children?.delete(node.name);
        if (parent.children?.size === 0) parent.children = undefined;
        nodes -= 1;
        node = parent;
      }
    },
  };
}

function nodeUnder<Kept>(parent: TrieNode<Kept> | undefined, name: string): TrieNode<Kept> {
  return { name, parent, children: undefined, plain: undefined, globs: undefined };
}

function isIdle(node: TrieNode<unknown>): boolean {
  return node.plain === undefined && node.globs === undefined && node.children === undefined;
}
