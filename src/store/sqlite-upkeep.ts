/**
 * When the WAL is moved into the file: while nobody waits, if such a moment comes, else before the WAL gets long.
 *
 * A checkpoint takes milliseconds and holds up the process, so it never stands between an append and its answer.
 */
import { StoreUnavailable } from "./errors.ts";
import { resultCode } from "./sqlite-fault.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { PAGE_BYTES } from "./sqlite-schema.ts";

/** Milliseconds without a commit that count as a quiet moment. */
const QUIET_MS = 100;
/** How many times the usual length a WAL may have before the next quiet moment. */
const PATIENCE = 4;

export interface Upkeep {
  /** Tells that a transaction with about so many bytes of content was committed. */
  wrote(bytes: number): void;
  stop(): void;
}

/** @param walBytes - length of the WAL, roughly, from which on a checkpoint is worth its price */
export function checkpointWhenQuiet(file: SqliteFile, walBytes: number): Upkeep {
  let writtenBytes = 0;
  let quiet: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;

  function checkpoint(): void {
    stop();
    writtenBytes = 0;
    try {
      file.checkpoint();
    } catch (fault) {
      // No room, say, or no log any more: the WAL keeps everything, and whoever writes next is told.
      if (resultCode(fault) === undefined && !(fault instanceof StoreUnavailable)) throw fault;
    }
  }

  function stop(): void {
    clearTimeout(quiet);
    clearImmediate(soon);
    quiet = undefined;
    soon = undefined;
  }

  return {
    wrote(bytes) {
      writtenBytes += bytes + 3 * PAGE_BYTES; // the last page of records, of their index, and the head
      if (writtenBytes < walBytes) return;
      if (writtenBytes >= PATIENCE * walBytes) soon ??= setImmediate(checkpoint);
      if (quiet === undefined) quiet = setTimeout(checkpoint, QUIET_MS).unref();
      else quiet.refresh();
    },
    stop,
  };
}
