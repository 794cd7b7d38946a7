/**
 * Which of many bridges starts the sidecar: whoever makes the lock file in the store's folder.
 *
 * It saves work and decides nothing: that one sidecar serves a store is for the store's own lock to see to. So a lock whose
 * owner is dead, or that is older than any start takes, is simply taken over.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createOnce } from "../git/create-once.ts";
import { errnoOf } from "../git/errno.ts";
import { removeExactly } from "../git/remove-exactly.ts";
import { StoreWriteFailed } from "../git/store-write-failed.ts";

const LOCK_FILE = "start.lock";

/** Milliseconds after which a lock is as good as none. */
const STALE_MS = 10_000;

interface Lock {
  readonly pid: number;
  readonly boot_id: string;
  readonly at_ms: number;
}

export interface StartLockOptions {
  /** Which start of the machine this is. */
  readonly bootId: string;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/**
 * The lock, or undefined while another living process has it. Disposing gives it back, and may be done twice.
 *
 * @throws StoreWriteFailed
 */
export async function takeStartLock(folder: string, options: StartLockOptions): Promise<AsyncDisposable | undefined> {
  const path = join(folder, LOCK_FILE);
  return take(path, options).catch((cause: unknown) => {
    throw new StoreWriteFailed(path, cause);
  });
}

async function take(path: string, { bootId, nowMs = Date.now }: StartLockOptions): Promise<AsyncDisposable | undefined> {
  const own = JSON.stringify({ pid: process.pid, boot_id: bootId, at_ms: nowMs(), nonce: randomBytes(8).toString("hex") });
  const standing = await createOnce(path, own);
  if (standing !== own) {
    if (!isStale(standing, bootId, nowMs())) return undefined;
    await removeExactly(path, standing);
    if ((await createOnce(path, own)) !== own) return undefined;
  }
  return {
    async [Symbol.asyncDispose]() {
      await removeExactly(path, own);
    },
  };
}

function isStale(text: string, bootId: string, nowMs: number): boolean {
  const lock = parse(text);
  if (lock === undefined) return true; // nothing of ours is ever half written
  const ageMs = nowMs - lock.at_ms;
  return lock.boot_id !== bootId || ageMs > STALE_MS || ageMs < -STALE_MS || !isAlive(lock.pid);
}

function parse(text: string): Lock | undefined {
  try {
    const { pid, boot_id, at_ms } = JSON.parse(text) as Partial<Record<keyof Lock, unknown>>;
    const isLock = Number.isSafeInteger(pid) && (pid as number) > 0 && typeof boot_id === "string" && typeof at_ms === "number";
    return isLock ? { pid: pid as number, boot_id, at_ms } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) !== "ESRCH";
  }
}
