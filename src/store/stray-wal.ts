/**
 * Whether a database file and the write-ahead log beside it belong together.
 *
 * SQLite replays any well-formed WAL it finds under the right name, also one of another database or of another week. So the
 * marks of both are compared, as raw bytes, before SQLite sees either.
 *
 * What this cannot see is a WAL that lost its end: that is what a crash leaves of a commit nobody was told about.
 */
import { open, type FileHandle } from "node:fs/promises";
import { StoreCorrupt } from "./errors.ts";
import { isCode } from "./file-system.ts";
import { type Mark, parseMark } from "./sqlite-mark.ts";
import { PAGE_BYTES } from "./sqlite-schema.ts";

/** The file and the WAL beside it do not belong together, or one lacks something. An owner at work can make it look so. */
export class StrayWal extends StoreCorrupt {}

/**
 * Compares the marks of `path` and `path`-wal. A file whose mark cannot be read passes: SQLite says better what is wrong with it.
 * The caller's process must not own the file, for closing it again would drop the lock.
 *
 * @throws StrayWal when the two do not belong together, one is gone, or the file ends within a page
 * @throws StoreCorrupt when the file is empty
 */
export async function refuseStrayWal(path: string): Promise<void> {
  const wal = await reading(`${path}-wal`, firstTransaction);
  const file = await reading(path, beginning);
  if (file === undefined) {
    if (wal?.committed === true) throw new StrayWal(path, "the file is missing and its write-ahead log is not");
    return;
  }
  if (file.bytes === 0) throw new StoreCorrupt(path, "the file is empty");
  if (file.mark === undefined) return;
  if (wal === undefined && file.mark.records === "parted") {
    throw new StrayWal(path, "its write-ahead log is gone, and the newest records with it");
  }
  if (wal?.committed !== true) {
    if (file.bytes % PAGE_BYTES !== 0) throw new StrayWal(path, "the file ends within a page");
    return;
  }
  const newer = wal.mark === undefined ? Number.NaN : wal.mark.generation - file.mark.generation;
  if (wal.mark?.log !== file.mark.log || !(newer === 0 || newer === 1)) {
    throw new StrayWal(path, "the write-ahead log beside it belongs to another log, or to another time of this one");
  }
}

/** Undefined when there is no such file. */
async function reading<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

async function beginning(file: FileHandle): Promise<{ readonly bytes: number; readonly mark: Mark | undefined }> {
  const { size: bytes } = await file.stat();
  const page = Buffer.alloc(PAGE_BYTES);
  await file.read(page, 0, PAGE_BYTES, PAGE_BYTES);
  return { bytes, mark: parseMark(page.toString("latin1")) };
}

/** The lowest bit tells the byte order of the checksums. */
const WAL_MAGIC = 0x37_7f_06_83;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** The mark written by the first transaction, which names page 2 early: SQLite writes the pages of a transaction in order. */
async function firstTransaction(file: FileHandle): Promise<{ readonly committed: boolean; readonly mark?: Mark }> {
  const header = Buffer.alloc(WAL_HEADER_BYTES);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + PAGE_BYTES);
  const { bytesRead } = await file.read(header, 0, header.length, 0);
  if (bytesRead < header.length || (header.readUInt32BE(0) | 1) !== WAL_MAGIC) return { committed: false }; // SQLite skips it too
  if (header.readUInt32BE(8) !== PAGE_BYTES) return { committed: true };
  const salts = header.subarray(16, 24);
  let mark: Mark | undefined;
  for (let at = header.length; ; at += frame.length) {
    const { bytesRead } = await file.read(frame, 0, frame.length, at);
    if (bytesRead < frame.length || !frame.subarray(8, 16).equals(salts)) return { committed: false };
    if (frame.readUInt32BE(0) === 2) mark = parseMark(frame.toString("latin1"));
    const endsTransaction = frame.readUInt32BE(4) !== 0;
    if (endsTransaction) return mark === undefined ? { committed: true } : { committed: true, mark };
  }
}
