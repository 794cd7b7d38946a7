/** Which paths meet, for the small session of these tests: folders, and patterns with `*`, `**` and `?`. */

/** A path with `*`, `**` and `?` as a pattern of all that it stands for. */
export function covers(held: string, path: string): boolean {
  if (!/[*?]/.test(held)) return held === "" || path === held || path.startsWith(`${held}/`);
  const pattern = held
    .replaceAll(/[.+^$(){}|[\]\\]/g, "\\$&")
    .replaceAll("**/", "\u0001")
    .replaceAll("**", "\u0002")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]")
    .replaceAll("\u0001", "(?:.*/)?")
    .replaceAll("\u0002", ".*");
  return new RegExp(`^${pattern}$`).test(path);
}

export const meets = (a: string, b: string) => covers(a, b) || covers(b, a);
