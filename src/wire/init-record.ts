/**
 * What `signalbox init` keeps of the files that it changed in a worktree, so that they can be put back byte for byte.
 *
 * Kept in the store's folder under mode 0600: a coding client's settings may hold secrets.
 */
import * as z from "zod";

export const INIT_RECORD_FORMAT = 1;

export const InitRecord = z.object({
  format: z.literal(INIT_RECORD_FORMAT),
  /** Top of the worktree. */
  root: z.string(),
  /** By path below `root`, with `/`. */
  files: z.record(
    z.string(),
    z.object({
      /** The text before, or null when there was no file. */
      before: z.string().nullable(),
      /** SHA-256 of the text as it was written: a file that has another one was changed since, and is not simply put back. */
      written_sha256: z.string(),
    }),
  ),
  /** Folders that were made for them, below `root`. */
  folders: z.array(z.string()),
});
export type InitRecord = z.infer<typeof InitRecord>;
