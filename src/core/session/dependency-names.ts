/**
 * When the name that one side changes is a name that the other side uses.
 *
 * Clients write names in different lengths: `Note`, `models.Note`, `app.models.Note`. Two names meet when their last
 * segments are equal; a member of a class meets the class, and every other member of it, because whoever uses a class is
 * not heard to say which part. A segment is taken for a class when it begins with a capital letter.
 */

/** Names that are told of one file: what stands in the way, not an inventory. */
const NAMED = 20;

/** The segments that a name is met by: its last one, and the class that it is a member of. */
function handlesOf(name: string): readonly string[] {
  const [last = name, owner = ""] = name.split(".").reverse();
  return /^\p{Lu}/u.test(owner) ? [last, owner] : [last];
}

/** Changed names by what they are met by. */
export type ChangedNames = ReadonlyMap<string, readonly string[]>;

export function changedNames(names: readonly string[]): ChangedNames {
  const byHandle = new Map<string, string[]>();
  for (const name of names) {
    for (const handle of handlesOf(name)) {
      const met = byHandle.get(handle);
      if (met === undefined) byHandle.set(handle, [name]);
      else if (met.length < NAMED) met.push(name);
    }
  }
  return byHandle;
}

/** The names that meet, each in the form that says most, sorted; the first twenty that were found. */
export function sharedNames(changed: ChangedNames, used: readonly string[]): string[] {
  const shared = new Set<string>();
  for (const name of used) {
    for (const handle of handlesOf(name)) {
      for (const other of changed.get(handle) ?? []) shared.add(tellingOf(other, name));
    }
    if (shared.size >= NAMED) break;
  }
  return [...shared].sort().slice(0, NAMED);
}

/** A member says more than its class; of two of a kind, the longer one is the more qualified. */
function tellingOf(changed: string, used: string): string {
  const depth = handlesOf(changed).length - handlesOf(used).length;
  if (depth !== 0 && lastOf(changed) !== lastOf(used)) return depth > 0 ? changed : used;
  return changed.length >= used.length ? changed : used;
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
