/**
 * The members of a JSON object, each value as it was spelt, read as Go's encoding/json reads them: names whatever their
 * case, the last of two of one name wins, `null` says nothing of a string, and what has no name of ours is passed over.
 */
import { afterSpace, endOfString, endOfValue, NO_VALUE } from "./json-scan.ts";

export interface Member {
  /** As it was spelt. */
  readonly key: string;
  /** In lower case. */
  readonly name: string;
  /** JSON text of the value, as it stands. */
  readonly raw: string;
}

/** What a string token says. A surrogate that stands alone is read as U+FFFD. @param raw - a valid string token */
export function textOf(raw: string): string {
  return (JSON.parse(raw) as string).toWellFormed();
}

/** Letters that Unicode takes for others of ASCII: the long s and, by lower case, the sign of Kelvin. */
const folded = (name: string): string => name.replaceAll("\u017f", "s").toLowerCase();

/** In the order of the text, or undefined when that is not one JSON object. `null` is an object without members. */
export function membersOf(text: string): readonly Member[] | undefined {
  const members: Member[] = [];
  let place = afterSpace(text, 0);
  if (text.startsWith("null", place)) return isEnd(text, place + 4) ? members : undefined;
  if (text[place] !== "{") return undefined;

  place = afterSpace(text, place + 1);
  if (text[place] === "}") return isEnd(text, place + 1) ? members : undefined;
  for (;;) {
    const endOfName = endOfString(text, place);
    if (endOfName === NO_VALUE) return undefined;
    const colon = afterSpace(text, endOfName);
    if (text[colon] !== ":") return undefined;
    const value = afterSpace(text, colon + 1);
    const end = endOfValue(text, value, 1);
    if (end === NO_VALUE) return undefined;
    const key = textOf(text.slice(place, endOfName));
    members.push({ key, name: folded(key), raw: text.slice(value, end) });

    place = afterSpace(text, end);
    if (text[place] === "}") return isEnd(text, place + 1) ? members : undefined;
    if (text[place] !== ",") return undefined;
    place = afterSpace(text, place + 1);
  }
}

const isEnd = (text: string, at: number): boolean => afterSpace(text, at) === text.length;

/** The value of that name, as it was spelt. @param name - in lower case */
export function rawOf(members: readonly Member[], name: string): string | undefined {
  return members.findLast((member) => member.name === name)?.raw;
}

/** The strings of those names, "" where there is none, or undefined when one is something else than a string. @param names - in lower case */
export function stringsOf<Name extends string>(
  members: readonly Member[],
  names: readonly Name[],
): Readonly<Record<Name, string>> | undefined {
  const strings = Object.fromEntries(names.map((name) => [name, ""])) as Record<Name, string>;
  for (const { name, raw } of members) {
    const known = names.find((one) => one === name);
    if (known === undefined || raw === "null") continue;
    if (!raw.startsWith('"')) return undefined;
    strings[known] = textOf(raw);
  }
  return strings;
}
