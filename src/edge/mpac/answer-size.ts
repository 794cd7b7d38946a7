/**
 * How much one answer says. Clients of the original take no frame over 1 MiB, so an answer stays under 900,000 bytes
 * whatever the session holds: long lists are cut, and a count beside them says how many there are.
 */

/** Entries of one list of paths, and their characters. */
const MAX_PATHS = 100;
const MAX_PATH_CHARACTERS = 20_000;

/** Items of a list, and their bytes as JSON. */
export interface Room {
  readonly items: number;
  readonly bytes: number;
}

/** The first items that there is room for. It takes no more of them than that, and one to see whether there are more. */
export function fitting<Item, View extends object>(
  items: Iterable<Item>,
  view: (item: Item) => View,
  room: Room,
): { readonly views: View[]; readonly last: Item | undefined; readonly cut: boolean } {
  const views: View[] = [];
  let { bytes } = room;
  let last: Item | undefined;
  for (const item of items) {
    if (views.length >= room.items) return { views, last, cut: true };
    const seen = view(item);
    bytes -= Buffer.byteLength(JSON.stringify(seen)) + 1;
    if (bytes < 0) return { views, last, cut: true };
    views.push(seen);
    last = item;
  }
  return { views, last, cut: false };
}

/** The first paths that there is room for; the same list when there is room for all. A path is shorter than the room. */
export function fewPaths(paths: readonly string[]): string[] {
  let room = MAX_PATH_CHARACTERS;
  const end = paths.findIndex((path, index) => index >= MAX_PATHS || (room -= path.length) < 0);
  return end < 0 ? [...paths] : paths.slice(0, end);
}

/** One list after the other. */
export function* withoutRepeats<Item>(...lists: readonly Iterable<Item>[]): Generator<Item> {
  const seen = new Set<Item>();
  for (const list of lists) {
    for (const item of list) {
      if (seen.has(item)) continue;
      seen.add(item);
      yield item;
    }
  }
}
