/**
 * Dictionaries of Structured Fields (RFC 8941) as signatures use them: members that are items or inner lists, with parameters.
 *
 * Decimals and dates are not read, since nothing of a signature is one. Two members or parameters of one name are refused, where
 * the RFC lets the last one count: what two readers could take for different things is nothing to sign.
 */

export interface Token {
  readonly token: string;
}
export type Bare = string | number | boolean | Uint8Array | Token;
export type Parameters = ReadonlyMap<string, Bare>;
export interface Item {
  readonly value: Bare;
  readonly parameters: Parameters;
}
export interface InnerList {
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}
export type Dictionary = ReadonlyMap<string, Item | InnerList>;

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y;
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y;
const BOOLEAN = /\?([01])/y;

/** Undefined for what is no such dictionary. */
export function readDictionary(text: string): Dictionary | undefined {
  const reader = createReader(text);
  const members = new Map<string, Item | InnerList>();
  reader.take(/ */y);
  if (reader.isAtEnd()) return members;
  do {
    const key = reader.take(KEY)?.[0];
    if (key === undefined || members.has(key)) return undefined;
    const member = memberIn(reader);
    if (member === undefined) return undefined;
    members.set(key, member);
    reader.take(/[ \t]*/y);
    if (reader.isAtEnd()) return members;
  } while (reader.take(/,[ \t]*/y) !== undefined);
  return undefined;
}

/** As the RFC writes an inner list, which is what a signature covers of itself. */
export function writeInnerList({ items, parameters }: InnerList): string {
  return `(${items.map(({ value, parameters: own }) => `${writeBare(value)}${writeParameters(own)}`).join(" ")})${writeParameters(parameters)}`;
}

function writeParameters(parameters: Parameters): string {
  return Array.from(parameters, ([key, value]) => (value === true ? `;${key}` : `;${key}=${writeBare(value)}`)).join("");
}

function writeBare(value: Bare): string {
  if (typeof value === "string") return `"${value.replace(/["\\]/g, "\\$&")}"`;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "?1" : "?0";
  return value instanceof Uint8Array ? `:${Buffer.from(value).toString("base64")}:` : value.token;
}

interface Reader {
  /** What stands here, if it looks like this; nothing is passed over else. The pattern must be sticky. */
  take(pattern: RegExp): RegExpExecArray | undefined;
  isAtEnd(): boolean;
}

function createReader(text: string): Reader {
  let at = 0;
  return {
    take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(text) ?? undefined;
      if (found !== undefined) at = pattern.lastIndex;
      return found;
    },
    isAtEnd: () => at === text.length,
  };
}

function memberIn(reader: Reader): Item | InnerList | undefined {
  if (reader.take(/=/y) !== undefined) return reader.take(/\( */y) === undefined ? itemIn(reader) : listIn(reader);
  const parameters = parametersIn(reader);
  return parameters === undefined ? undefined : { value: true, parameters };
}

/** Behind its opening bracket. */
function listIn(reader: Reader): InnerList | undefined {
  const items: Item[] = [];
  let isApart = true;
  while (reader.take(/\)/y) === undefined) {
    const item = isApart ? itemIn(reader) : undefined;
    if (item === undefined) return undefined;
    items.push(item);
    isApart = reader.take(/ +/y) !== undefined;
  }
  const parameters = parametersIn(reader);
  return parameters === undefined ? undefined : { items, parameters };
}

function itemIn(reader: Reader): Item | undefined {
  const value = bareIn(reader);
  const parameters = value === undefined ? undefined : parametersIn(reader);
  return value === undefined || parameters === undefined ? undefined : { value, parameters };
}

function parametersIn(reader: Reader): Parameters | undefined {
  const parameters = new Map<string, Bare>();
  while (reader.take(/; */y) !== undefined) {
    const key = reader.take(KEY)?.[0];
    if (key === undefined || parameters.has(key)) return undefined;
    const value = reader.take(/=/y) === undefined ? true : bareIn(reader);
    if (value === undefined) return undefined;
    parameters.set(key, value);
  }
  return parameters;
}

function bareIn(reader: Reader): Bare | undefined {
  const string = reader.take(STRING)?.[1];
  if (string !== undefined) return string.replace(/\\(.)/g, "$1");
  const integer = reader.take(INTEGER)?.[0];
  if (integer !== undefined) return Number(integer);
  const bytes = reader.take(BYTES)?.[1];
  if (bytes !== undefined) return Buffer.from(bytes, "base64");
  const boolean = reader.take(BOOLEAN)?.[1];
  if (boolean !== undefined) return boolean === "1";
  const token = reader.take(TOKEN)?.[0];
  return token === undefined ? undefined : { token };
}
