/**
 * How a value is written so that the same value always gives the same bytes: RFC 8785.
 *
 * An own writer, because every acknowledged message is written by it twice (docs/decisions/0017). It is judged by the
 * library `canonicalize`: in its tests, and at every `signalbox audit verify`.
 */
import type { Json, JsonObject } from "../wire/json.ts";

/** Characters that stand for themselves between quotation marks, whatever stands around them. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Members up to which sorting by insertion costs least: few objects have more, and many come sorted. */
const FEW = 16;

/** Names as they are written. Those of our own records and of the protocol's messages come again and again. */
const written = new Map<string, string>();
const MOST_NAMES = 1_024;
const LONGEST_NAME = 64;

/** RFC 8785. @throws when the value holds a lone surrogate or a number that JSON cannot say */
export function canonical(value: Json): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "object" && value !== null) return isList(value) ? listed(value) : membersOf(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${value} is no number of JSON`);
  return String(value);
}

/** An object one member of which has been written already: what a message says costs the most of it. @throws as `canonical` */
export function canonicalWith(members: JsonObject, known: string, knownText: string): string {
  return membersOf(members, known, knownText);
}

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new RangeError("the text holds half a character");
  return JSON.stringify(text);
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

function listed(values: readonly Json[]): string {
  let text = "[";
  for (let index = 0; index < values.length; index += 1) text += (index === 0 ? "" : ",") + canonical(values[index] ?? null);
  return `${text}]`;
}

function membersOf(members: JsonObject, known?: string, knownText = ""): string {
  let text = "";
  for (const name of sortedNames(members)) {
    const value = members[name];
    if (value === undefined) continue;
    text += (text === "" ? "{" : ",") + nameOf(name) + (name === known ? knownText : canonical(value));
  }
  return text === "" ? "{}" : `${text}}`;
}

/** By UTF-16 units, as both the comparison of strings and RFC 8785 have it. */
function sortedNames(members: JsonObject): string[] {
  const names = Object.keys(members);
  if (names.length > FEW) return names.sort();
  for (let next = 1; next < names.length; next += 1) {
    const name = names[next] as string;
    let place = next;
    for (; place > 0 && (names[place - 1] as string) > name; place -= 1) names[place] = names[place - 1] as string;
    names[place] = name;
  }
  return names;
}

/** A name with the colon behind it. */
function nameOf(name: string): string {
  const known = written.get(name);
  if (known !== undefined) return known;
  const text = `${quoted(name)}:`;
  if (written.size < MOST_NAMES && name.length <= LONGEST_NAME) written.set(name, text);
  return text;
}
