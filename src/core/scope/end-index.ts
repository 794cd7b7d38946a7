/**
 * Who holds paths that end in a module's name: by the last name without its extension, and by that and the folder before it.
 *
 * Most last names are held once; only where one is held more often are its holders kept apart by their folders.
 */
import type { PathEnd } from "./hints.ts";

interface Only extends PathEnd {
  readonly id: string;
}

export interface EndIndex {
  /** How many last names are held. */
  readonly size: number;
  add(id: string, end: PathEnd): void;
  remove(id: string, end: PathEnd): void;
  /** Those who hold such an end, `auth` or `app/auth`; one may come more than once. */
  holders(module: string): Iterable<string>;
}

export function createEndIndex(): EndIndex {
  const byName = new Map<string, Only | Map<string, Set<string>>>();

  function spread({ folder, id }: Only): Map<string, Set<string>> {
    return new Map([[folder, new Set([id])]]);
  }

  return {
    get size() {
      return byName.size;
    },
    add(id, { name, folder }) {
      const known = byName.get(name);
      if (known === undefined) return void byName.set(name, { name, folder, id });
      if (!(known instanceof Map) && known.id === id && known.folder === folder) return;
      const byFolder = known instanceof Map ? known : spread(known);
      if (byFolder !== known) byName.set(name, byFolder);
      const ids = byFolder.get(folder);
      if (ids === undefined) byFolder.set(folder, new Set([id]));
      else ids.add(id);
    },
    remove(id, { name, folder }) {
      const known = byName.get(name);
      if (!(known instanceof Map)) {
        if (known?.id === id && known.folder === folder) byName.delete(name);
        return;
      }
      const ids = known.get(folder);
      ids?.delete(id);
      if (ids?.size === 0) known.delete(folder);
      if (known.size === 0) byName.delete(name);
    },
    *holders(module) {
      const slash = module.lastIndexOf("/");
      const known = byName.get(module.slice(slash + 1));
      if (known === undefined) return;
      const folder = slash < 0 ? undefined : module.slice(0, slash);
      if (!(known instanceof Map)) {
        if (folder === undefined || folder === known.folder) yield known.id;
      } else if (folder === undefined) for (const ids of known.values()) yield* ids;
      else yield* known.get(folder) ?? [];
    },
  };
}
