/**
 * Which files the words of a scope appear to name, when it does not say files itself (SPEC 15.2.1.3).
 *
 * Two ways only, because a wrong guess makes a conflict that somebody has to read. A word that is written like a path
 * names that path: `src/auth.py` in a query, `src/auth.py::login`, what a URI ends in. A dotted name of an entity names
 * a module by its last two names or its only one: `auth.login` may be in `src/auth.py`, never in `src/author.py`.
 */
import type { Scope } from "../../wire/mpac/messages.ts";
import { isFileName } from "./glob.ts";
import { fold } from "./path.ts";
import { parseResource, type PathRules, type Resource } from "./resource.ts";

/** Most files and most modules that one scope names by its words, the first of them. */
const MAX_HINTS = 64;

/** Longest word that is looked at, in characters: nobody writes a longer name. */
const MAX_WORD = 512;

export interface Hints {
  readonly files: readonly Resource[];
  /** Ends of paths without an extension, as they are compared: `auth`, `app/auth`. */
  readonly modules: readonly string[];
}

export const NO_HINTS: Hints = { files: [], modules: [] };

export function hintsOf({ entities, task_ids, expression, canonical_uris }: Scope, rules: PathRules): Hints {
  const isShort = (word: string): boolean => word.length <= MAX_WORD;
  const names = (entities ?? []).filter(isShort);
  const asked = (expression ?? "").split(/[\s'"`,;()[\]{}<>=]+/);
  const words = [...names, ...[...(task_ids ?? []), ...asked, ...(canonical_uris ?? [])].filter(isShort)];
  const files = new Map<string, Resource>();
  for (const path of pathsIn(words)) {
    if (files.size === MAX_HINTS) break;
    const resource = parseResource(path, rules);
    if (!("refused" in resource) && resource.key !== "") files.set(resource.key, resource);
  }
  const modules = new Set<string>();
  for (const name of names) {
    for (const module of modulesOf(name, rules)) if (modules.size < MAX_HINTS) modules.add(module);
  }
  return { files: [...files.values()], modules: [...modules] };
}

/** The last name of a path without its extension, and the name of the folder that it lies in; `""` at the root. */
export interface PathEnd {
  readonly name: string;
  readonly folder: string;
}

/** What of a plain path a dotted name may stand for; a glob has none. */
export function endOf({ key, glob }: Resource): PathEnd | undefined {
  if (glob || key === "") return undefined;
  const slash = key.lastIndexOf("/");
  const name = key.slice(slash + 1, isFileName(key) ? key.lastIndexOf(".") : undefined);
  return { name, folder: slash < 0 ? "" : key.slice(key.lastIndexOf("/", slash - 1) + 1, slash) };
}

/** The same as the words for it: the name, and the name in its folder. */
export function endsOf(resource: Resource): readonly string[] {
  const end = endOf(resource);
  if (end === undefined) return [];
  return end.folder === "" ? [end.name] : [end.name, `${end.folder}/${end.name}`];
}

/** Words that have a slash inside, or a name with an extension; what stands behind a `::`, `#` or `:` is inside the file. */
function* pathsIn(words: readonly string[]): Generator<string> {
  for (const word of words) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) yield* pathOfUri(word);
    const path = word.replace(/[:#].*$/s, "");
    if (/^[^/\s*?][^\s*?]*$/.test(path) && (path.includes("/") || isFileName(path))) yield path;
  }
}

/** `resource://project/src/auth.ts` ends in `src/auth.ts`. */
function pathOfUri(uri: string): readonly string[] {
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/([^?#*]+)/i.exec(uri)?.[1];
  return path !== undefined && isFileName(path) ? [path] : [];
}

function* modulesOf(name: string, rules: PathRules): Generator<string> {
  if (!/^[\p{L}\p{N}_$]+(?:\.[\p{L}\p{N}_$]+)+$/u.test(name)) return;
  const names = fold(name, rules.foldCase).split(".");
  for (const end of names.keys()) yield names.slice(Math.max(0, end - 1), end + 1).join("/");
}
