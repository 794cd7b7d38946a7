/**
 * One member of a JSON file set or taken away, with every other byte left as it is.
 *
 * The library says where each value stands. Its own editor is not used: it formats the neighbours of what it inserts, and
 * in 3.3.1 it joins two numbers of a list when the last one goes.
 */
import { type Node, type ParseError, parseTree } from "jsonc-parser";
import { isObject, type Json, type JsonObject } from "../../wire/json.ts";
import { CommandFault } from "../fault.ts";

export interface JsonFile {
  /** As a person knows the file. */
  readonly name: string;
  readonly text: string;
  readonly value: JsonObject;
}

/** Names of members, and places in lists: the place behind the last one appends. */
export type JsonPath = readonly [string, ...(string | number)[]];

/** A file of nothing but white space counts as an empty object. @throws CommandFault for what is no JSON object */
export function readJson(name: string, text: string): JsonFile {
  const said = text.trim() === "" ? "{}\n" : text;
  let value: unknown;
  try {
    value = JSON.parse(said);
  } catch (cause) {
    throw refused(name, `${whyNotJson(said, cause)}, and Claude Code does not read it either`, cause);
  }
  if (!isObject(value)) throw refused(name, "is JSON, but no object");
  return { name, text: said, value };
}

/** Sets what is at `path`, and makes the objects and lists on the way that are not there. */
export function setIn(file: JsonFile, path: JsonPath, value: Json): JsonFile {
  const { found, missing } = walk(file, path);
  const text = missing.length === 0 ? replace(file.text, found, value) : insert(file.text, found, missing, value);
  return readJson(file.name, text);
}

/** Takes away what is at `path`, with the comma that it had. */
export function dropIn(file: JsonFile, path: JsonPath): JsonFile {
  const { found, missing } = walk(file, path);
  if (missing.length > 0) return file;
  const entry = found.parent?.type === "property" ? found.parent : found;
  const siblings = entry.parent?.children ?? [];
  const at = siblings.indexOf(entry);
  const [before, after] = [siblings[at - 1], siblings[at + 1]];
  const container = entry.parent ?? entry;
  if (before !== undefined) return readJson(file.name, splice(file.text, endOf(before), endOf(entry), ""));
  if (after !== undefined) return readJson(file.name, splice(file.text, entry.offset, after.offset, ""));
  return readJson(file.name, splice(file.text, container.offset + 1, endOf(container) - 1, ""));
}

interface Walked {
  readonly found: Node;
  /** What is left of the path behind `found`. */
  readonly missing: readonly (string | number)[];
}

function walk({ name, text }: JsonFile, path: JsonPath): Walked {
  const root = parseTree(text);
  if (root === undefined) throw refused(name, "cannot be read");
  let found = root;
  for (const [depth, step] of path.entries()) {
    const wanted = typeof step === "string" ? "object" : "array";
    if (found.type !== wanted) throw refused(name, `has ${found.type} where ${path.slice(0, depth).join(".")} is to be ${wanted}`);
    const next = typeof step === "string" ? memberOf(name, found, step) : found.children?.[step];
    if (next === undefined) return { found, missing: path.slice(depth) };
    found = next;
  }
  return { found, missing: [] };
}

/** Readers take the last of two members of one name, people the first: neither is edited. */
function memberOf(name: string, object: Node, key: string): Node | undefined {
  const named = (object.children ?? []).filter(({ children }) => children?.[0]?.value === key);
  if (named.length > 1) throw refused(name, `has ${JSON.stringify(key)} twice in one object`);
  return named[0]?.children?.[1];
}

function replace(text: string, node: Node, value: Json): string {
  const wasFlat = !text.slice(node.offset, endOf(node)).includes("\n");
  const rendered = wasFlat ? JSON.stringify(value) : render(text, value, indentAt(text, node.offset));
  return splice(text, node.offset, endOf(node), rendered);
}

function insert(text: string, container: Node, missing: readonly (string | number)[], value: Json): string {
  const [step, ...deeper] = missing;
  const nested = deeper.reduceRight<Json>((inner, at) => (typeof at === "string" ? { [at]: inner } : [inner]), value);
  const key = typeof step === "string" ? `${JSON.stringify(step)}: ` : "";
  const last = container.children?.at(-1);
  if (isFlat(text)) {
    const at = last === undefined ? container.offset + 1 : endOf(last);
    return splice(text, at, at, `${last === undefined ? "" : ", "}${key}${JSON.stringify(nested)}`);
  }
  const eol = eolOf(text);
  if (last !== undefined) {
    const isInline = !text.slice(container.offset, last.offset).includes("\n");
    const indent = isInline ? indentAt(text, container.offset) + unitOf(text) : indentAt(text, last.offset);
    return splice(text, endOf(last), endOf(last), `,${eol}${indent}${key}${render(text, nested, indent)}`);
  }
  const outer = indentAt(text, container.offset);
  const indent = outer + unitOf(text);
  const inner = `${eol}${indent}${key}${render(text, nested, indent)}${eol}${outer}`;
  return splice(text, container.offset + 1, endOf(container) - 1, inner);
}

/** As `JSON.stringify` writes it, in the file's own indentation and line ends. */
function render(text: string, value: Json, indent: string): string {
  return JSON.stringify(value, undefined, unitOf(text)).replaceAll("\n", `${eolOf(text)}${indent}`);
}

/** Whether a file that has something in it is written on one line. */
function isFlat(text: string): boolean {
  return !text.trim().includes("\n") && !/^\{\s*\}$/.test(text.trim());
}

function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", offset - 1) + 1))?.[0] ?? "";
}

function unitOf(text: string): string {
  return /^\s*\{[ \t]*\r?\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
}

function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

const endOf = (node: Node): number => node.offset + node.length;

const splice = (text: string, from: number, to: number, between: string): string => text.slice(0, from) + between + text.slice(to);

function whyNotJson(text: string, cause: unknown): string {
  const errors: ParseError[] = [];
  parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length === 0) return "has comments or trailing commas, which JSON does not allow";
  return `is not JSON (${cause instanceof Error ? cause.message : String(cause)})`;
}

/** @param what - the rest of a sentence that begins with the file's name */
function refused(name: string, what: string, cause?: unknown): CommandFault {
  return new CommandFault("init/not-editable", `${name} ${what}: it is left as it is; mend it, then run the command again`, cause);
}
