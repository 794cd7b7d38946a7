/** A disk that does not take a sync any more. Linux alone shows which descriptor is whose. */
import { closeSync, openSync, readdirSync, readlinkSync } from "node:fs";

/** Whether a commit was synced beside the thread yet. */
export function isSyncedBeside(path: string): boolean {
  return descriptorsOf(`${path}-wal`).length > 1;
}

/** What stands in for the WAL from now on is written and cannot be synced, by whichever descriptor it was last. */
export function breakSync(path: string): void {
  const last = Math.max(...descriptorsOf(`${path}-wal`)); // where commits are synced beside the thread, the engine opened its own before
  closeSync(last);
  if (openSync("/dev/null", "r+") !== last) throw new Error("another descriptor took its place");
}

function descriptorsOf(path: string): readonly number[] {
  const held = readdirSync("/proc/self/fd").filter((number) => linkOf(number) === path);
  return held.map(Number);
}

function linkOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}
