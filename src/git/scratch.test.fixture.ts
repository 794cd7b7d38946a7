/** A temporary folder with its own home, and real git in it, for tests. Nothing of the machine's own configuration is read. */
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findWorkspace, type Repository } from "./repository.ts";

const run = promisify(execFile);

export interface Scratch extends AsyncDisposable {
  /** Real path of the folder. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs git; what it prints, trimmed. */
  git(cwd: string, ...args: string[]): Promise<string>;
  /** Makes a repository with one commit. */
  repository(name: string): Promise<string>;
  /** Finds what must be a repository. */
  find(start: string): Promise<Repository>;
}

export async function scratchFolder(): Promise<Scratch> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "signalbox-test-")));
  await chmod(folder, 0o755);
  const home = join(folder, "home");
  await mkdir(join(home, "runtime"), { recursive: true, mode: 0o700 });
  await writeFile(join(home, "gitconfig"), '[user]\n\tname = Ana\n\temail = ana@example.org\n[protocol "file"]\n\tallow = always\n');
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: home,
    TMPDIR: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_RUNTIME_DIR: join(home, "runtime"),
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const git = async (cwd: string, ...args: string[]) => (await run("git", args, { cwd, env })).stdout.trim();
  return {
    folder,
    env,
    git,
    async repository(name) {
      const root = join(folder, name);
      await mkdir(root, { recursive: true });
      await git(root, "init", "-q", "-b", "main");
      await git(root, "commit", "-q", "--allow-empty", "-m", "first");
      return root;
    },
    async find(start) {
      const found = await findWorkspace(start, { env });
      if (found.kind !== "repository") throw new Error(`no repository at ${start}`);
      return found;
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Puts a disk without a free byte over `folder`, with copies of `kept` on it. Undefined where nothing can be mounted;
 * disposing takes it away.
 */
export async function fullDisk(folder: string, kept: readonly string[]): Promise<AsyncDisposable | undefined> {
  const texts = await Promise.all(kept.map(async (name) => [name, await readFile(join(folder, name))] as const));
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "none", folder]);
  } catch {
    return undefined;
  }
  for (const [name, text] of texts) await writeFile(join(folder, name), text);
  await writeFile(join(folder, "filler"), "x".repeat(100_000)).catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      await run("umount", [folder]);
    },
  };
}

const ORDINARY_USER = 65_534;

/** Whether this process may become another user, as in a container where tests run as root. */
export const isRoot = process.geteuid?.() === 0;

/** Runs `act` as a user whom permissions bind. `owned` are folders that this user gets before. */
export async function asOrdinaryUser<T>(owned: readonly string[], act: () => Promise<T>): Promise<T> {
  if (!isRoot) return act();
  for (const folder of owned) await chown(folder, ORDINARY_USER, ORDINARY_USER);
  process.seteuid?.(ORDINARY_USER);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}
