/**
 * How a bridge starts a sidecar that outlives it: detached, with nothing of ours but its log file, and without what git or
 * a host put into our surroundings.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, rename, stat } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { leftOpen } from "./left-open.ts";

/** The log is moved aside at the start when it has grown beyond this many bytes; one older one is kept. */
const MAX_LOG_BYTES = 1024 * 1024;

export const LOG_FILE = "sidecar.log";

/** It is nobody's to end, so it ends by itself after so many minutes without a client. */
const IDLE_MINUTES = "30";

/** Exit code of a sidecar that found the store held by another one. */
export const EXIT_HELD = 7;

/** Exit code of a sidecar that found the store owned by one of another container or machine. */
export const EXIT_ELSEWHERE = 11;

export interface SpawnRequest {
  /** What runs `signalbox`: arguments of this Node, its own options before the launcher. */
  readonly launcher: readonly string[];
  /** Main worktree, or plain folder. */
  readonly workspace: string;
  /** The store's folder, where its stderr goes. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether it is to take the store over from the sidecar of an older release that runs. */
  readonly succeeds?: boolean;
}

export interface StartedSidecar {
  readonly pid: number;
  /** How it ended, once it has: an exit code, or null after a signal. Undefined while it runs. */
  readonly exit: () => number | null | undefined;
}

/** @throws what the system answers when the log cannot be opened or the process cannot be made */
export async function spawnSidecar({ launcher, workspace, folder, env, succeeds = false }: SpawnRequest): Promise<StartedSidecar> {
  const log = await openLog(join(folder, LOG_FILE));
  const nothing = await open(devNull, "r+");
  try {
    const left = new Set(await leftOpen());
    const beyond = Array.from({ length: Math.max(2, ...left) - 2 }, (_, index) => (left.has(index + 3) ? nothing.fd : "ignore"));
    const child = spawn(
      process.execPath,
      [...launcher, "sidecar", "--workspace", workspace, "--idle-minutes", IDLE_MINUTES, ...(succeeds ? ["--succeed"] : [])],
      {
        cwd: workspace,
        detached: true,
        env: withoutGit(env),
        stdio: ["ignore", "ignore", log.fd, ...beyond],
        windowsHide: true,
      },
    );
    let exit: number | null | undefined;
    child.on("exit", (code) => (exit = code));
    await once(child, "spawn");
    child.unref();
    return { pid: child.pid ?? 0, exit: () => exit };
  } finally {
    await Promise.all([log.close(), nothing.close()]);
  }
}

async function openLog(path: string) {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && found.size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
  return open(path, "a", 0o600);
}

/** Which configuration git reads is the user's choice; everything else of the name comes from a git that runs us. */
const KEPT = /^GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$/i;

/** A bridge that runs from a git hook has variables that would send the sidecar's git into another repository. */
function withoutGit(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_/i.test(name) || KEPT.test(name)));
}
