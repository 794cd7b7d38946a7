import fc from "fast-check";
import { expect, it } from "vitest";
import { advance, compileGlob, isFileName, pathAlone, patternsMeet, startOf } from "./glob.ts";
import { covers, coversFile, overlaps, type Resource } from "./resource.ts";

/** Obvious and slow: what the words of `glob.ts` say, letter by letter. */
function matches(glob: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return path.length === 0;
  if (first === "**" && matches(rest, path)) return true;
  const [name, ...below] = path;
  if (name === undefined) return false;
  return first === "**" ? matches(glob, below) : nameMatches(first, name) && matches(rest, below);
}

function nameMatches(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  const rest = pattern.slice(1);
  if (pattern.startsWith("*")) return nameMatches(rest, name) || (name !== "" && nameMatches(pattern, name.slice(1)));
  return name !== "" && (pattern.startsWith("?") || pattern[0] === name[0]) && nameMatches(rest, name.slice(1));
}

function belongs({ key, glob }: Resource, path: string): boolean {
  const segments = key === "" ? [] : key.split("/");
  const asked = path === "" ? [] : path.split("/");
  return glob ? matches(segments, asked) : segments.every((name, i) => asked[i] === name);
}

const resourceOf = (key: string): Resource => ({ path: key, key, glob: /[*?]/.test(key) });

const joined = (pieces: fc.Arbitrary<string>, maxLength: number, separator: string, minLength = 1) =>
  fc.array(pieces, { minLength, maxLength }).map((all) => all.join(separator));
const pattern = joined(fc.constantFrom("a", "b", "*", "?"), 2, "");
const glob = joined(fc.oneof(pattern, fc.constant("**")), 3, "/").filter((key) => /[*?]/.test(key));
const plain = joined(joined(fc.constantFrom("a", "b"), 2, ""), 2, "/", 0);
const resource = fc.oneof(glob, plain).map(resourceOf);

/** Enough for a witness: patterns above fix at most two names each beside a `**`, and two letters beside a `*`. */
const NAMES = ["a", "b", "aa", "ab", "ba", "bb"];
const PATHS = [0, 1, 2, 3].reduce(
  ({ all, deepest }) => {
    const deeper = deepest.flatMap((path) => NAMES.map((name) => (path === "" ? name : `${path}/${name}`)));
    return { all: [...all, ...deeper], deepest: deeper };
  },
  { all: [""], deepest: [""] },
).all;

it("matches a path exactly when the slow reference does", () => {
  const longGlob = joined(fc.oneof(joined(fc.constantFrom("a", "b", "*", "?"), 5, ""), fc.constant("**")), 5, "/").filter((key) =>
    /[*?]/.test(key),
  );
  const longPath = joined(joined(fc.constantFrom("a", "b"), 5, ""), 6, "/", 0);
  fc.assert(
    fc.property(longGlob, longPath, (key, path) => {
      const expected = belongs(resourceOf(key), path);

      expect(patternsMeet(compileGlob(key), pathAlone(path))).toBe(expected);
      expect(coversFile(resourceOf(key), path)).toBe(expected);
    }),
    { numRuns: 3_000 },
  );
});

it("finds an overlap exactly when some path belongs to both, and the same from either side", () => {
  fc.assert(
    fc.property(resource, resource, (one, other) => {
      const expected = PATHS.some((path) => belongs(one, path) && belongs(other, path));

      expect(overlaps(one, other)).toBe(expected);
      expect(overlaps(other, one)).toBe(expected);
    }),
    { numRuns: 400 },
  );
});

it("finds an overlap of long names exactly when some name belongs to both", () => {
  const name = joined(fc.constantFrom("a", "b", "*", "?"), 4, "").map(resourceOf);
  const names = [1, 2, 3, 4, 5, 6].flatMap((length) =>
    Array.from({ length: 2 ** length }, (_, bits) => bits.toString(2).padStart(length, "0").replaceAll("0", "a").replaceAll("1", "b")),
  );
  fc.assert(
    fc.property(name, name, (one, other) => {
      fc.pre(one.key !== "**" && other.key !== "**");

      expect(overlaps(one, other)).toBe(names.some((text) => belongs(one, text) && belongs(other, text)));
    }),
    { numRuns: 1_000 },
  );
});

it("never says that one covers another when a path of the other is outside, and misses no plain path", () => {
  fc.assert(
    fc.property(resource, resource, (outer, inner) => {
      const outside = PATHS.find((path) => belongs(inner, path) && !belongs(outer, path));
      const covered = covers(outer, inner);

      expect(covered && outside !== undefined).toBe(false);
      expect(!covered && !inner.glob && outside === undefined).toBe(false);
    }),
    { numRuns: 400 },
  );
});

it("walks on while something at or under the path can match, and no further", () => {
  fc.assert(
    fc.property(glob, plain, (key, path) => {
      const compiled = compileGlob(key);
      const names = path === "" ? [] : path.split("/");

      const places = names.reduce((reached, name) => advance(compiled, reached, name), startOf(compiled));

      expect(places.length > 0).toBe(overlaps(resourceOf(key), resourceOf(path)));
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      expect(places.includes(compiled.items.length)).toBe(belongs(resourceOf(key), path));
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ["*a".repeat(2_000), `${"*a".repeat(1_999)}*b`, false],
  [`${"*a".repeat(2_000)}*c`, "b".repeat(4_000), false],
  [`*${"a".repeat(2_000)}b*`, "a".repeat(4_000), false],
  [`*${"a".repeat(2_000)}b*`, "?".repeat(4_000), true],
  ["**/a/".repeat(800) + "b", "**/a/".repeat(800) + "c", false],
  ["**/a/".repeat(800) + "b", "a/".repeat(2_000) + "c*", false],
  [`**/${"a/".repeat(1_000)}b/**`, `${"a/".repeat(2_000)}c`, true],
])("answers about hostile patterns too (case %#)", (one, other, expected) => {
  expect(overlaps(resourceOf(one), resourceOf(other))).toBe(expected);
});

it("answers the same after more globs than it keeps compiled", () => {
  const many = Array.from({ length: 2_000 }, (_, i) => `${"x".repeat(200)}${i}/*`);

  expect(many.filter((key) => !coversFile(resourceOf(key), key.replace("*", "a")))).toEqual([]);
  expect(many.filter((key) => coversFile(resourceOf(key), key.replace("*", "a/b")))).toEqual([]);
  expect(compileGlob("x/*")).toBe(compileGlob("x/*"));
  expect(compileGlob(many[0] ?? "")).toBe(compileGlob(many[0] ?? ""));
});

it("takes a name for a file's exactly when it has an extension of one to ten characters with a letter among them", () => {
  const key = fc.array(fc.constantFrom(".", "/", "a", "Z", "7", "_", "-", "@", "[", "é", "abcdefghij"), { maxLength: 5 });
  fc.assert(
    fc.property(
      key.map((pieces) => pieces.join("")),
      (text) => {
        expect(isFileName(text)).toBe(/[^/]\.(?=[^/]*[a-z])[a-z0-9_]{1,10}$/i.test(text));
      },
    ),
    { numRuns: 5_000 },
  );
});
