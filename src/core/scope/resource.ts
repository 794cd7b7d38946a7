/**
 * What a path in a scope stands for: how it is normalised, compared and refused.
 *
 * A resource is plain or a glob. A plain path stands for itself and everything under it, whether it exists or not. A
 * glob stands for exactly the whole paths it matches and nothing beneath a match, except through `**`. Only `*` and `?`
 * make a glob: brackets, braces and `!` are letters, because `app/[id]/page.tsx` is a file that people have.
 *
 * Overlap is exact, but that a plain path with an extension is taken for a file where a glob from above asks about what
 * is under it. Covering may say no where a longer look would say yes, never the other way round.
 */
import { compileGlob, isFileName, pathAlone, pathAsAsked, patternsMeet } from "./glob.ts";
import { fold, insideRoot, resolveParents, split } from "./path.ts";

/** Longest path that is taken, in UTF-16 units as it was written. */
export const MAX_PATH_LENGTH = 4096;

/** What the file system and the layout of the workspace say about paths. The same rules for everything compared. */
export interface PathRules {
  /** Whether names that differ only in case are one file. */
  readonly foldCase: boolean;
  /** Absolute folders of the worktrees: a path inside one is taken relative to it, the longest that fits first. */
  readonly roots: readonly string[];
}

export interface Resource {
  /** As shown: normalised, `/` between segments, letters as they were written; `""` is the whole workspace. */
  readonly path: string;
  /** As compared: NFC, folded to lower case under `foldCase`. Only keys made by the same rules compare. */
  readonly key: string;
  readonly glob: boolean;
}

export interface RefusedResource {
  /** A sentence with what to write instead. */
  readonly refused: string;
}

/** Never throws, whatever the text. What it returns as `path` normalises to itself. */
export function parseResource(text: string, rules: PathRules): Resource | RefusedResource {
  const plain = kindOfPlain(text);
  if (plain !== undefined) return { path: text, key: rules.foldCase ? text.toLowerCase() : text, glob: plain === "glob" };
  return normalised(text, rules);
}

/**
 * What a text is that says itself what it stands for, as nearly all do: printable ASCII without spaces, no separator but
 * single slashes between names, no anchor, no name that begins like `..`. Nothing for one that has to be looked at.
 */
function kindOfPlain(text: string): "path" | "glob" | undefined {
  if (text.length > MAX_PATH_LENGTH) return undefined;
  let kind: "path" | "glob" = "path";
  let begins = true;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= SPACE || code >= DELETE || code === BACKSLASH || code === COLON) return undefined;
    if (begins && (code === SLASH || (code === DOT && endsOrDots(text, at + 1)))) return undefined;
    begins = code === SLASH;
    if (code === ASTERISK || code === QUESTION) kind = "glob";
  }
  return begins ? undefined : kind;
}

const [SPACE, ASTERISK, DOT, SLASH, COLON, QUESTION, BACKSLASH, DELETE] = [0x20, 0x2a, 0x2e, 0x2f, 0x3a, 0x3f, 0x5c, 0x7f] as const;

function endsOrDots(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return at === text.length || code === SLASH || code === DOT;
}

function normalised(text: string, rules: PathRules): Resource | RefusedResource {
  const refuse = (fault: string, instead: string): RefusedResource => ({ refused: `the path ${quote(text)} ${fault}; ${instead}` });

  if (text.length > MAX_PATH_LENGTH) {
    return refuse(`has ${text.length} characters`, `write at most ${MAX_PATH_LENGTH}, or name the folder`);
  }
  if (/\p{Cc}/u.test(text)) return refuse("has a control character", "write it without");
  if (/\p{Cs}/u.test(text)) return refuse("has half of a surrogate pair", "write it as valid Unicode");

  const { anchor, names } = split(text);
  const blank = names.find((name) => /^[. ]+$/.test(name) && name !== "..");
  if (blank !== undefined) {
    return refuse(`has a segment ${quote(blank)} of dots or spaces`, "name the folder itself to mean everything under it");
  }
  const resolved = resolveParents(names);
  if (resolved === "leaves") return refuse("leaves the workspace", RELATIVE);
  if (resolved === "crosses") return refuse("goes up through a wildcard with '..'", "write the pattern without '..'");

  const segments = anchor === undefined ? resolved : insideRoot(anchor, resolved, rules.roots, rules.foldCase);
  if (segments === undefined) return refuse("is absolute and outside the workspace", RELATIVE);
  if (/^[A-Za-z]:/.test(segments[0] ?? "")) return refuse("begins with a drive letter", RELATIVE);

  const path = segments.join("/");
  return { path, key: fold(path, rules.foldCase), glob: /[*?]/.test(path) };
}

const RELATIVE = "write it relative to the workspace, such as src/app.ts";

/** Short enough for a sentence, with nothing in it that a terminal would obey. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

type Compared = Pick<Resource, "key" | "glob">;

/** Whether some path belongs to both. Symmetric. Keys of one set of rules only. */
export function overlaps(a: Compared, b: Compared): boolean {
  if (!a.glob && !b.glob) return isWithin(a.key, b.key) || isWithin(b.key, a.key);
  if (a.glob && b.glob) return patternsMeet(compileGlob(a.key), compileGlob(b.key));
  return a.glob ? plainMeetsGlob(b.key, a.key) : plainMeetsGlob(a.key, b.key);
}

/** A glob that begins in a folder lies in it, whatever the folder is called. */
function plainMeetsGlob(plainKey: string, globKey: string): boolean {
  const glob = compileGlob(globKey);
  return isWithin(glob.base.join("/"), plainKey) || patternsMeet(glob, pathAsAsked(plainKey));
}

/**
 * Whether everything `inner` stands for belongs to `outer`. Within a plain path that is exact. A glob is known to hold a
 * plain path, which is a folder for all we know, when it matches it and everything below; it is known to hold another
 * glob when both are the same or when it holds the folder before the other's first wildcard.
 */
export function covers(outer: Compared, inner: Compared): boolean {
  if (!outer.glob) return isWithin(inner.key, outer.key);
  if (inner.glob && inner.key === outer.key) return true;
  const folder = inner.glob ? compileGlob(inner.key).base.join("/") : inner.key;
  return compileGlob(outer.key).endless && coversFile(outer, folder);
}

/** The same, where a name with an extension counts as a file towards a glob, as it does when the two are asked to overlap. */
export function holds(outer: Compared, inner: Compared): boolean {
  const isFile = outer.glob && !inner.glob && isFileName(inner.key);
  return isFile ? coversFile(outer, inner.key) : covers(outer, inner);
}

/** Whether the one file with this plain key belongs to `outer`. Exact. */
export function coversFile(outer: Compared, fileKey: string): boolean {
  return outer.glob ? patternsMeet(compileGlob(outer.key), pathAlone(fileKey)) : isWithin(fileKey, outer.key);
}

function isWithin(key: string, folder: string): boolean {
  return folder === "" || key === folder || (key.startsWith(folder) && key[folder.length] === "/");
}
