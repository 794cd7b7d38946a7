/** How writing in a worktree can fail for a reason that is the machine's and not the caller's. */
import { errnoOf } from "./errno.ts";
import { quotePath } from "./written-path.ts";

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room and submit again",
  EDQUOT: "the disk quota is used up; make room and submit again",
  EACCES: "there is no permission to write; check the owner and mode of the file and its folder",
  EPERM: "there is no permission to write; check the owner and mode of the file and its folder",
  EROFS: "the file system is read-only; mount it writable or work in another worktree",
  ENAMETOOLONG: "the path is too long; choose a shorter one",
  ENOTDIR: "a part of the path is a file; name a file under a directory",
  EEXIST: "something else has the name already; look at it and submit again",
  EISDIR: "a directory is in the way; move it and submit again",
  EMFILE: "too many files are open; submit again",
  EBUSY: "another program holds the file; close it there and submit again",
  EIO: "the disk answered with an error; check it",
};

/** The change was not made: the target is as it was and no temporary file is left. */
export class WriteFailed extends Error {
  override readonly name = "WriteFailed";
  readonly code = "git/write-failed";
  /** Repository-relative. */
  readonly path: string;
  /** What the system called it, such as `ENOSPC`. */
  readonly errno: string;

  /** @param where - what could not be written, when it is another file than the changed one */
  constructor(path: string, cause: unknown, where?: string) {
    const errno = errnoOf(cause);
    const place = where === undefined ? "" : `at ${quotePath(where)}, `;
    super(`${quotePath(path)} was not changed: ${place}${MEANING[errno] ?? `the system answered ${errno}`}`, { cause });
    this.path = path;
    this.errno = errno;
  }
}
