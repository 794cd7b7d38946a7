/**
 * What stands in a worktree's file now: its reference over the bytes, its size, and its text where it is text.
 *
 * Reference and text come from one reading, so a text is never shown under the reference of another.
 */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { EMPTY_REF, shortRef } from "../wire/references.ts";
import { type Closed, NOTHING_CLOSED, openInside } from "./safe-path.ts";
import { quotePath } from "./written-path.ts";

const CHUNK_BYTES = 262_144;
const FIRST_CHUNK_BYTES = 4_096;

export type FileState =
  | {
      readonly status: "ok";
      readonly path: string;
      /** `sha256:` and 64 hex digits over all bytes, however much of the text is shown. */
      readonly state_ref: string;
      /** Bytes. */
      readonly size: number;
      /** Asked for, and the file is valid UTF-8. A byte order mark is kept. */
      readonly content?: string;
      /** Content was asked for and the file is not valid UTF-8. */
      readonly binary?: true;
      /** The content is only the first `bytes` bytes of the file. */
      readonly truncated?: { readonly bytes: number };
    }
  | { readonly status: "missing"; readonly path: string; readonly state_ref: typeof EMPTY_REF; readonly size: 0 }
  | { readonly status: "refused"; readonly why: string };

export interface FileStateOptions {
  readonly content: boolean;
  /** Bytes of content at most; a longer file is hashed whole and shown from its beginning. */
  readonly maxBytes: number;
  /** Bytes; a longer file is refused before any of it is read. Without it there is no limit. */
  readonly refuseOver?: number;
  readonly closed?: Closed;
}

/** The full reference of `bytes`. */
export function refOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Reads what `path` names in the worktree `root`. A hostile or unreadable path is refused, never thrown. */
export async function readFileState(root: string, path: string, options: FileStateOptions): Promise<FileState> {
  const { content, maxBytes, refuseOver = Infinity, closed = NOTHING_CLOSED } = options;
  const opened = await openInside(root, path, closed);
  if (opened.status === "refused") return opened;
  if (opened.status === "missing") return { status: "missing", path: opened.place.path, state_ref: EMPTY_REF, size: 0 };
  if (opened.stat.size > refuseOver) {
    await opened.handle.close();
    return { status: "refused", why: tooLong(opened.place.path, opened.stat.size, refuseOver) };
  }
  const digest = await digestAndClose(opened.handle, { text: content, keepBytes: content ? maxBytes : 0 });
  const { ref: state_ref, size } = digest;
  const found = { status: "ok" as const, path: opened.place.path, state_ref, size };
  if (!content) return found;
  if (digest.characters === undefined) return { ...found, binary: true };
  const shown = textOf(digest.kept);
  if (size <= maxBytes) return { ...found, content: shown };
  return { ...found, content: shown, truncated: { bytes: Buffer.byteLength(shown) } };
}

export type TextAnswer =
  | { readonly ok: true; readonly path: string; readonly content: string; /** The first 16 digits. */ readonly state_ref: string }
  | { readonly ok: false; readonly missing: boolean; /** One sentence. */ readonly why: string };

/** The whole text of a file, for FILE_READ: a file of more than `maxBytes`, or one that is no text, is refused. */
export async function readText(root: string, path: string, maxBytes: number, closed = NOTHING_CLOSED): Promise<TextAnswer> {
  const state = await readFileState(root, path, { content: true, maxBytes, refuseOver: maxBytes, closed });
  if (state.status === "refused") return { ok: false, missing: false, why: state.why };
  const name = quotePath(state.path);
  if (state.status === "missing") return { ok: false, missing: true, why: `there is no file ${name}: check the path` };
  if (state.content === undefined) return { ok: false, missing: false, why: `${name} is not UTF-8 text: read it from the disk` };
  if (state.truncated !== undefined) return { ok: false, missing: false, why: tooLong(state.path, state.size, maxBytes) }; // it grew
  return { ok: true, path: state.path, content: state.content, state_ref: shortRef(state.state_ref) };
}

function tooLong(path: string, size: number | bigint, most: number): string {
  return `${quotePath(path)} has ${size} bytes, more than ${most}: read it from the disk`;
}

export interface Digest {
  readonly ref: string;
  /** Bytes. */
  readonly size: number;
  /** Unicode characters; undefined when text was not asked for or the bytes are not UTF-8. */
  readonly characters: number | undefined;
  readonly kept: Buffer;
}

/** Hashes an open file from its beginning, in pieces of 256 KiB, and closes it. */
export async function digestAndClose(handle: FileHandle, options: { text: boolean; keepBytes: number }): Promise<Digest> {
  try {
    return await digest(handle, options);
  } finally {
    await handle.close();
  }
}

async function digest(handle: FileHandle, { text, keepBytes }: { text: boolean; keepBytes: number }): Promise<Digest> {
  const hash = createHash("sha256");
  const characters = text ? countCharacters() : undefined;
  const kept: Buffer[] = [];
  let size = 0;
  for (let chunk = Buffer.allocUnsafe(FIRST_CHUNK_BYTES); ;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, size);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    hash.update(bytes);
    characters?.take(bytes);
    if (size < keepBytes) kept.push(Buffer.from(bytes.subarray(0, keepBytes - size)));
    size += bytesRead;
    if (chunk.length === FIRST_CHUNK_BYTES) chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  }
  return { ref: `sha256:${hash.digest("hex")}`, size, characters: characters?.end(), kept: Buffer.concat(kept) };
}

/** Counts the characters of UTF-8 that comes in pieces; the count is undefined once a byte is wrong. */
function countCharacters() {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let count: number | undefined = 0;
  const take = (decode: () => string) => {
    if (count === undefined) return;
    try {
      count += decode().replace(/[\ud800-\udbff]/g, "").length; // a surrogate pair is one character
    } catch {
      count = undefined;
    }
  };
  return {
    take: (bytes: Uint8Array) => take(() => decoder.decode(bytes, { stream: true })),
    end: () => {
      take(() => decoder.decode());
      return count;
    },
  };
}

/** Valid UTF-8 as text, without a last character that is cut off. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
}
