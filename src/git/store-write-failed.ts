/** How writing a small file of the store can fail for a reason that is the machine's: which file, and what to do. */
import { errnoOf } from "./errno.ts";

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room and start again",
  EDQUOT: "the disk quota is used up; make room and start again",
  EACCES: "there is no permission to write; check the owner and mode of its folder",
  EPERM: "there is no permission to write; check the owner and mode of its folder",
  EROFS: "the file system is read-only; mount it writable and start again",
  EISDIR: "a directory has its name; move it and start again",
  EIO: "the disk answered with an error; check it",
};

/** What the system's answer to a write means to whoever started the program. */
export function whyUnwritten(cause: unknown): string {
  const errno = errnoOf(cause);
  return MEANING[errno] ?? `the system answered ${errno}`;
}

/** The file is as it was, and no temporary file is left. */
export class StoreWriteFailed extends Error {
  override readonly name = "StoreWriteFailed";
  readonly code = "store/unavailable";
  readonly path: string;
  /** What the system called it, such as `ENOSPC`. */
  readonly errno: string;

  constructor(path: string, cause: unknown) {
    super(`${path} cannot be written: ${whyUnwritten(cause)}`, { cause });
    this.path = path;
    this.errno = errnoOf(cause);
  }
}
