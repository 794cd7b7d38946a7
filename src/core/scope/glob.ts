/**
 * What a glob matches, segment by segment.
 *
 * `*` stands for any characters of one name, also of one that begins with a dot, and `?` for one code point of the key
 * (where case is folded `ß` has two). `**` as a whole segment stands for any number of segments, also none; inside a segment it is a `*`.
 */
import { meet, RUN, type Sequence, sequence } from "./sequence.ts";

/** A name as it is, or a pattern for one name. */
type Segment = string | Sequence<string>;

export type SegmentPattern = Sequence<Segment>;

export interface Glob extends SegmentPattern {
  /** The segments before the first that has a wildcard: every match lies in this folder. */
  readonly base: readonly string[];
  /** Whether everything under a match matches too: its last names are `**` and `*` only, with a `**` among them. */
  readonly endless: boolean;
}

export function segmentsOf(key: string): readonly string[] {
  return key === "" ? [] : key.split("/");
}

/** The path itself and nothing else. */
export function pathAlone(key: string): SegmentPattern {
  return sequence<Segment>(segmentsOf(key));
}

/**
 * What a plain path stands for when a glob asks: itself, and everything under it unless its name is a file's.
 *
 * Text does not say what is a folder. Taken strictly, `src/app.ts` could hold a `README.md`, and one intent over all
 * Markdown files would bar every other path of the repository; so a name with an extension counts as a file here (docs/decisions/0004).
 */
export function pathAsAsked(key: string): SegmentPattern {
  return isFileName(key) ? pathAlone(key) : sequence<Segment>([...segmentsOf(key), RUN]);
}

/** Whether the last name has an extension: `app.ts`, not `.github`, `v1.2` or `Makefile`. */
export function isFileName(key: string): boolean {
  const dot = key.lastIndexOf(".");
  const length = key.length - dot - 1;
  if (dot < 1 || length < 1 || length > LONGEST_EXTENSION || key[dot - 1] === "/") return false;
  let hasLetter = false;
  for (let at = dot + 1; at < key.length; at += 1) {
    const code = key.charCodeAt(at);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!isLetter && code !== 0x5f && (code < 0x30 || code > 0x39)) return false;
    hasLetter ||= isLetter;
  }
  return hasLetter;
}

const LONGEST_EXTENSION = 10;

/** Most characters of keys that compiled globs are kept for, together. What was unused for longest goes first. */
const KEPT_CHARACTERS = 262_144;
const kept = new Map<string, Glob>();
let keptCharacters = 0;

/** The pattern of a glob's key. It is compiled once while it is in use; the answer depends on the key alone. */
export function compileGlob(key: string): Glob {
  const known = kept.get(key);
  if (known !== undefined) {
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const glob = compile(key);
  kept.set(key, glob);
  keptCharacters += key.length;
  for (const oldest of kept.keys()) {
    if (keptCharacters <= KEPT_CHARACTERS) break;
    kept.delete(oldest);
    keptCharacters -= oldest.length;
  }
  return glob;
}

function compile(key: string): Glob {
  const names = segmentsOf(key);
  const firstWild = names.findIndex((name) => /[*?]/.test(name));
  return {
    ...sequence<Segment>(names.map((name) => (name === "**" ? RUN : compileSegment(name)))),
    base: firstWild < 0 ? names : names.slice(0, firstWild),
    endless: names.slice(names.findLastIndex((name) => !matchesEveryName(name)) + 1).includes("**"),
  };
}

function compileSegment(name: string): Segment {
  return /[*?]/.test(name) ? sequence(Array.from(name, (character) => (character === "*" ? RUN : character))) : name;
}

function matchesEveryName(name: string): boolean {
  return /^\*+\??\**$|^\?\*+$/.test(name);
}

/** Whether one name can be matched by both. */
function namesMeet(one: Segment, other: Segment): boolean {
  if (typeof one === "string" && typeof other === "string") return one === other;
  if (typeof one === "string" && typeof other !== "string" && !endsAgree(other, one)) return false;
  if (typeof other === "string" && typeof one !== "string" && !endsAgree(one, other)) return false;
  return meet(charactersOf(one), charactersOf(other), charactersMeet);
}

/** Whether a name begins and ends as the pattern says: what most often differs is seen without spelling the name. */
function endsAgree({ items }: Sequence<string>, name: string): boolean {
  const first = items[0];
  const last = items.at(-1);
  return (
    (typeof first !== "string" || first === "?" || name.startsWith(first)) &&
    (typeof last !== "string" || last === "?" || name.endsWith(last))
  );
}

/** Most names whose characters are kept: one question compares the same few with every pattern. */
const KEPT_NAMES = 1_024;
const spelled = new Map<string, Sequence<string>>();

function charactersOf(segment: Segment): Sequence<string> {
  if (typeof segment !== "string") return segment;
  const known = spelled.get(segment);
  if (known !== undefined) return known;
  if (spelled.size >= KEPT_NAMES) spelled.clear();
  const characters = sequence(Array.from(segment));
  spelled.set(segment, characters);
  return characters;
}

function charactersMeet(one: string, other: string): boolean {
  return one === other || one === "?" || other === "?";
}

/** Whether some path is matched by both. Exact, symmetric, and at worst as dear as the product of both lengths. */
export function patternsMeet(a: SegmentPattern, b: SegmentPattern): boolean {
  return meet(a, b, namesMeet);
}

/** Places in a pattern that a walk may have reached, ascending. None left: nothing at or under the walked path matches. */
export type Places = readonly number[];

export function startOf(pattern: SegmentPattern): Places {
  const places: number[] = [];
  reach(pattern, 0, places);
  return places;
}

/** The places after one more segment of the path. */
export function advance(pattern: SegmentPattern, places: Places, name: string): Places {
  const next: number[] = [];
  for (const place of places) {
    const item = pattern.items[place];
    if (item === RUN) reach(pattern, place, next);
    else if (item !== undefined && namesMeet(item, name)) reach(pattern, place + 1, next);
  }
  return next;
}

/** Adds `place` and what lies behind runs from there. What is below the last one added was added with it. */
function reach(pattern: SegmentPattern, place: number, places: number[]): void {
  for (let at = place; ; at += 1) {
    if (at > (places.at(-1) ?? -1)) places.push(at);
    if (pattern.items[at] !== RUN) return;
  }
}
