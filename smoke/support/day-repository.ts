/** A real repository of a few thousand files, made without a network: what is installed beside the program, committed once. */
import { copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { PROJECT } from "./program.ts";
import type { Scratch } from "./scratch.ts";

/** Largest file that is taken, in bytes. */
const MAX_BYTES = 64 * 1024;

/** Makes a repository of `count` files under `vendor/`, and a clone of it to work in. Gives the clone. */
export async function manyFiles(scratch: Scratch, count: number): Promise<string> {
  const source = await scratch.repository("source");
  let taken = 0;
  for await (const path of filesUnder(join(PROJECT, "node_modules"), "")) {
    if (taken >= count) break;
    const from = join(PROJECT, "node_modules", path);
    if ((await stat(from)).size > MAX_BYTES) continue;
    const to = join(source, "vendor", path);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
    taken += 1;
  }
  if (taken < count) throw new Error(`there are only ${taken} files to make a repository of`);
  await scratch.git(source, "add", "--all", "--force");
  await scratch.git(source, "commit", "-q", "-m", "a few thousand files");
  return scratch.copyOf(source, "workspace");
}

async function* filesUnder(folder: string, below: string): AsyncGenerator<string> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith(".")) yield* filesUnder(folder, path);
    else if (entry.isFile() && /\.(m?js|ts|json|md)$/.test(entry.name)) yield path;
  }
}

/** What of a worktree is the user's and must not be touched: HEAD, refs, and the index byte for byte. */
export interface Untouched {
  readonly head: string;
  readonly refs: string;
  readonly index: string;
  readonly staged: string;
}

export async function untouchedOf(scratch: Scratch, worktree: string): Promise<Untouched> {
  const index = await scratch.git(worktree, "rev-parse", "--path-format=absolute", "--git-path", "index");
  return {
    head: `${await scratch.git(worktree, "symbolic-ref", "HEAD")} ${await scratch.git(worktree, "rev-parse", "HEAD")}`,
    refs: await scratch.git(worktree, "for-each-ref"),
    index: createHash("sha256")
      .update(await readFile(index))
      .digest("hex"),
    staged: await scratch.git(worktree, "diff", "--cached", "--name-status"),
  };
}
