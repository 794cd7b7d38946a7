/**
 * What a caller may write as the path of a worktree's file, judged by its spelling alone.
 *
 * Relative and absolute paths, `./`, `..`, `\` and a trailing slash are all understood; `..` is resolved in the text, as
 * editors do, and never by the disk. Where links lead is `safe-path.ts`.
 */
import { posix, win32 } from "node:path";

/** Longest name of one file or directory, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;
/** Longest repository-relative path, in bytes of UTF-8: what every system that git runs on can hold. */
const MAX_PATH_BYTES = 1_024;

export interface PathRefusal {
  readonly ok: false;
  /** One sentence: what is wrong with the path, and what to write. */
  readonly why: string;
}

export type WrittenPath = { readonly ok: true; readonly path: string } | PathRefusal;

const HALF_CHARACTER = /\p{Surrogate}/u;
const CONTROL_CHARACTER = /\p{Cc}/u;
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;
const WINDOWS_RESERVED = /[<>:"|?*]/;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\.|$)/i;

/** Text that cannot be stored as UTF-8 without becoming another text. */
export function holdsHalfCharacter(text: string): boolean {
  return HALF_CHARACTER.test(text);
}

/** Whether some file system would open git's own directory under this name: NTFS drops trailing dots, HFS ignores some characters. */
export function isGitName(name: string): boolean {
  const [bare = ""] = name.replace(IGNORED_BY_HFS, "").split(":", 1);
  const spelled = bare.replace(/[. ]+$/, "").toLowerCase();
  return spelled === ".git" || spelled === "git~1";
}

/** Any path as a caller sees it in a sentence: quoted, with what cannot be printed escaped, cut at 200 characters. */
export function quotePath(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}

/**
 * The repository-relative form of `written`, separated by `/`.
 *
 * @param roots - absolute spellings of the worktree's root: relative paths begin at the first, absolute ones may lie in any
 */
export function readWrittenPath(roots: readonly [string, ...string[]], written: string, platform = process.platform): WrittenPath {
  const windows = platform === "win32";
  const paths = windows ? win32 : posix;
  const name = quotePath(written);
  if (written === "") return refuse("the path is empty: name a file of the worktree, such as src/app.ts");
  if (holdsHalfCharacter(written)) return refuse(`the path ${name} holds half of a character: write it in valid Unicode`);
  if (CONTROL_CHARACTER.test(written)) return refuse(`the path ${name} holds a control character: name the file without it`);
  const spelled = windows ? written : written.replaceAll("\\", "/");
  if (/^[a-z]:/i.test(spelled) && !(windows && paths.isAbsolute(spelled))) {
    return refuse(`the path ${name} names a drive: write it relative to the worktree, such as src/app.ts`);
  }

  const inside = roots
    .map((root) => paths.relative(root, paths.resolve(root, spelled)))
    .find((path) => path !== ".." && !path.startsWith(`..${paths.sep}`) && !paths.isAbsolute(path));
  if (inside === undefined) return refuse(`the path ${name} lies outside the worktree ${roots[0]}: name a file inside it`);
  if (inside === "") return refuse(`the path ${name} is the worktree itself: name a file in it`);

  // What comes out is read again, by the session and by other machines, where such a name would be a drive.
  if (/^[a-z]:/i.test(inside)) return refuse(`the path ${name} begins with a name like a drive's: choose another name`);
  const segments = inside.split(paths.sep);
  for (const segment of segments) {
    const why = refusedName(segment, windows);
    if (why !== undefined) return refuse(`the path ${name} ${why}`);
  }
  if (Buffer.byteLength(inside) > MAX_PATH_BYTES)
    return refuse(`the path ${name} is longer than ${MAX_PATH_BYTES} bytes: choose a shorter one`);
  return { ok: true, path: segments.join("/") };
}

function refusedName(segment: string, windows: boolean): string | undefined {
  if (isGitName(segment)) return "leads into git's own directory, which git alone changes: name a file of the worktree";
  if (Buffer.byteLength(segment) > MAX_NAME_BYTES) return `has a name longer than ${MAX_NAME_BYTES} bytes: choose a shorter one`;
  if (!windows) return undefined;
  if (WINDOWS_RESERVED.test(segment)) return 'holds one of <>:"|?*, which Windows does not allow: choose another name';
  if (/[. ]$/.test(segment)) return "has a name that ends in a dot or a space, which Windows drops: choose another name";
  if (WINDOWS_DEVICE.test(segment)) return "names a device of Windows: choose another name";
  return undefined;
}

function refuse(why: string): PathRefusal {
  return { ok: false, why };
}
