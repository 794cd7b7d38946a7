/**
 * How a path is read from its text, before anybody asks what it stands for: separators, anchors, `..`, letters.
 *
 * Everything is decided from the text alone: links are not followed, and no disk is asked.
 */

export interface SplitPath {
  /** There when the path is absolute: its drive in lower case, or `""`. */
  readonly anchor: string | undefined;
  readonly names: readonly string[];
}

/** A text cut at `/` and `\\`, without empty segments and `.`. */
export function split(text: string): SplitPath {
  const slashed = text.replaceAll("\\", "/");
  const absolute = /^(?:\/+(?=[A-Za-z]:(?:\/|$)))?([A-Za-z]:(?=\/|$)|(?=\/))/.exec(slashed);
  const rest = absolute === null ? slashed : slashed.slice(absolute[0].length);
  return { anchor: absolute?.[1]?.toLowerCase(), names: rest.split("/").filter((name) => name !== "" && name !== ".") };
}

/** The segments with `..` taken out. `**` may be no folder at all, so what is above a wildcard is not known from the text. */
export function resolveParents(names: readonly string[]): readonly string[] | "leaves" | "crosses" {
  const resolved: string[] = [];
  for (const name of names) {
    if (name !== "..") {
      resolved.push(name);
      continue;
    }
    const left = resolved.pop();
    if (left === undefined) return "leaves";
    if (/[*?]/.test(left)) return "crosses";
  }
  return resolved;
}

/** What is left of an absolute path below the longest root that holds it. */
export function insideRoot(
  anchor: string,
  segments: readonly string[],
  roots: readonly string[],
  foldCase: boolean,
): readonly string[] | undefined {
  const same = (a: string | undefined, b: string) => a !== undefined && fold(a, foldCase) === fold(b, foldCase);
  const lengths = roots
    .map(split)
    .filter((root) => root.anchor === anchor && root.names.every((name, i) => same(segments[i], name)))
    .map((root) => root.names.length);
  return lengths.length === 0 ? undefined : segments.slice(Math.max(...lengths));
}

/**
 * Upper case between two lower cases joins what Unicode keeps apart by history (long s, Kelvin sign), and the final
 * sigma, which alone depends on its neighbours, is written as the other one. It may join a little more than a disk does
 * (`ß` and `ss`), never less.
 */
export function fold(text: string, foldCase: boolean): string {
  if (/^[ -~]*$/.test(text)) return foldCase ? text.toLowerCase() : text;
  const composed = text.normalize("NFC");
  if (!foldCase) return composed;
  return composed.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFC");
}
