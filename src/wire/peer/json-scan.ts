/**
 * Where the values of a JSON text begin and end, without making anything of them.
 *
 * A body is signed as its sender spelt it, so numbers, escapes, the order of keys and keys that occur twice have to come
 * through as they stand; `JSON.parse` keeps none of these. Every text is looked at once, a character at a time, with a list
 * in place of the call stack. What is valid is what Go's encoding/json takes.
 */

/** How deep values may stand in each other: Go's limit. */
const MOST_DEPTH = 10_000;

/** That a text is no JSON from some place on. */
export const NO_VALUE = -1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** The first place from `at` on that holds no white space. */
export function afterSpace(text: string, at: number): number {
  let place = at;
  while (isSpace(text.charCodeAt(place))) place += 1;
  return place;
}

/** Behind the string that begins at `at`, or {@link NO_VALUE}. */
export function endOfString(text: string, at: number): number {
  if (text.charCodeAt(at) !== QUOTE) return NO_VALUE;
  for (let place = at + 1; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    if (code === QUOTE) return place + 1;
    if (code < 0x20) return NO_VALUE;
    if (code !== BACKSLASH) continue;
    place += 1;
    if (text[place] === "u") {
      if (!/^[0-9A-Fa-f]{4}$/.test(text.slice(place + 1, place + 5))) return NO_VALUE;
      place += 4;
    } else if (!'"\\/bfnrt'.includes(text.charAt(place) || "-")) return NO_VALUE;
  }
  return NO_VALUE;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function endOfScalar(text: string, at: number): number {
  if (text.charCodeAt(at) === QUOTE) return endOfString(text, at);
  for (const word of ["true", "false", "null"]) if (text.startsWith(word, at)) return at + word.length;
  NUMBER.lastIndex = at;
  return NUMBER.test(text) ? NUMBER.lastIndex : NO_VALUE;
}

/** Whether more than so many values stand in each other. @param json - a valid text */
export function isDeeper(json: string, depth: number): boolean {
  return endOfValue(json, afterSpace(json, 0), MOST_DEPTH - depth) === NO_VALUE;
}

/** Behind the key and the colon that begin at `at`, where its value does. */
function endOfKey(text: string, at: number): number {
  const end = endOfString(text, at);
  if (end === NO_VALUE) return NO_VALUE;
  const colon = afterSpace(text, end);
  return text.charCodeAt(colon) === COLON ? afterSpace(text, colon + 1) : NO_VALUE;
}

/**
 * Behind the value that begins at `at`, or {@link NO_VALUE}.
 *
 * @param depth - how many values it stands in already
 */
export function endOfValue(text: string, at: number, depth = 0): number {
  /** What closes each value that is open. */
  const open: number[] = [];
  let place = at;
  for (;;) {
    // A value begins here.
    const first = text.charCodeAt(place);
    const closes = first === OPEN_LIST ? CLOSE_LIST : first === OPEN_OBJECT ? CLOSE_OBJECT : undefined;
    if (closes === undefined) place = endOfScalar(text, place);
    else {
      if (open.length + depth >= MOST_DEPTH) return NO_VALUE;
      open.push(closes);
      place = afterSpace(text, place + 1);
      if (text.charCodeAt(place) !== closes) {
        if (closes === CLOSE_OBJECT) place = endOfKey(text, place);
        if (place === NO_VALUE) return NO_VALUE;
        continue;
      }
    }
    if (place === NO_VALUE) return NO_VALUE;

    // A value has ended before here, or a list or an object begun that has none: the next value begins, or what it stands in ends.
    for (;;) {
      const closing = open.at(-1);
      if (closing === undefined) return place;
      place = afterSpace(text, place);
      const code = text.charCodeAt(place);
      if (code === closing) {
        open.pop();
        place += 1;
        continue;
      }
      if (code !== COMMA) return NO_VALUE;
      place = afterSpace(text, place + 1);
      if (closing === CLOSE_OBJECT) place = endOfKey(text, place);
      if (place === NO_VALUE) return NO_VALUE;
      break;
    }
  }
}
