/** Worktrees with files in them, and waiting for what the system tells in its own time. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Scratch } from "./scratch.test.fixture.ts";
import type { Worktree } from "./worktrees.ts";

/** Finds what must be a worktree. */
export async function worktreeAt(scratch: Scratch, root: string): Promise<Worktree> {
  const found = await scratch.find(root);
  if (found.root === undefined) throw new Error(`no worktree at ${root}`);
  return { ...found, root: found.root };
}

/** A repository with these files committed, ignored ones too. */
export async function repositoryWith(scratch: Scratch, name: string, files: readonly string[] = []): Promise<Worktree> {
  const root = await scratch.repository(name);
  for (const file of files) await write(root, file);
  await scratch.git(root, "add", "--force", "-A");
  await scratch.git(root, "commit", "-q", "--allow-empty", "-m", "second");
  return worktreeAt(scratch, root);
}

/** Writes a file and the folders that it lies in. */
export async function write(root: string, file: string, text = "one\n"): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

/** Looks until there is something to see. The test's own time limit ends a wait for nothing. */
export async function eventually<Found>(look: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(10);
  }
}
