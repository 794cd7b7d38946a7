/**
 * How what stands in a WAL reaches the disk beside the thread that wrote it.
 *
 * A descriptor of the WAL holds none of the locks that a process gives up with any descriptor it closes: those are on the log.
 */
import { closeSync, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";
import { StoreUnsynced } from "./errors.ts";

export interface WalSync {
  /** False where the WAL is gone, as the next commit says, or the process has no descriptor left for it. */
  open(): boolean;
  /** Resolves when the disk has all that was written before the call. @throws StoreUnsynced when nobody knows what it has */
  sync(): Promise<void>;
  close(): void;
}

const syncData = promisify(fdatasync);

export function unsynced(path: string, fault: unknown): StoreUnsynced {
  const said = fault instanceof Error ? fault.message : String(fault);
  return new StoreUnsynced(`the log ${path} was written and not synced: ${said}; when its disk works, start the sidecar again`, fault);
}

/** @param path - of the log */
export function walSync(path: string): WalSync {
  let descriptor: number | undefined;
  return {
    open() {
      try {
        descriptor ??= openSync(`${path}-wal`, "r+");
        return true;
      } catch {
        return false;
      }
    },
    async sync() {
      try {
        await syncData(descriptor ?? -1);
      } catch (fault) {
        throw unsynced(path, fault);
      }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
