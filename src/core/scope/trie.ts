/**
 * Where things stand in a tree of folders: a node for each segment on the way to something that is kept, and no other.
 *
 * A node keeps at most one thing that stands for its path and everything under it, and any number of patterns that
 * match only below or at it, each found by its text.
 */

export interface TrieNode<Kept> {
  readonly name: string;
  readonly parent: TrieNode<Kept> | undefined;
  /** The only child, or all of them: most nodes are files, and on a long way most folders lead to one thing. */
  children: TrieNode<Kept> | Map<string, TrieNode<Kept>> | undefined;
  plain: Kept | undefined;
  globs: Map<string, Kept> | undefined;
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
        let child = childOf(node, name);
        if (child === undefined) {
          child = nodeUnder(node, name);
          adopt(node, child);
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
        disown(parent, node);
        nodes -= 1;
        node = parent;
      }
    },
  };
}

export function childOf<Kept>({ children }: TrieNode<Kept>, name: string): TrieNode<Kept> | undefined {
  if (children === undefined) return undefined;
  if (children instanceof Map) return children.get(name);
  return children.name === name ? children : undefined;
}

export function childrenOf<Kept>({ children }: TrieNode<Kept>): Iterable<TrieNode<Kept>> {
  if (children === undefined) return [];
  return children instanceof Map ? children.values() : [children];
}

function adopt<Kept>(node: TrieNode<Kept>, child: TrieNode<Kept>): void {
  const { children } = node;
  if (children === undefined) node.children = child;
  else if (children instanceof Map) children.set(child.name, child);
  else {
    node.children = new Map([
      [children.name, children],
      [child.name, child],
    ]);
  }
}

function disown<Kept>(node: TrieNode<Kept>, child: TrieNode<Kept>): void {
  const { children } = node;
  if (children instanceof Map) children.delete(child.name);
  if (children === child || (children instanceof Map && children.size === 0)) node.children = undefined;
}

function nodeUnder<Kept>(parent: TrieNode<Kept> | undefined, name: string): TrieNode<Kept> {
  return { name, parent, children: undefined, plain: undefined, globs: undefined };
}

function isIdle(node: TrieNode<unknown>): boolean {
  return node.plain === undefined && node.globs === undefined && node.children === undefined;
}
