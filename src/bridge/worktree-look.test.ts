import { chmod, mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createWorktreeLook } from "./worktree-look.ts";

/** A repository with `a.txt` and `src/[id].ts` committed. */
async function repository() {
  const scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await mkdir(join(repo, "src"));
  await writeFile(join(repo, "a.txt"), "one");
  await writeFile(join(repo, "src", "[id].ts"), "one");
  await scratch.git(repo, "add", "--all");
  await scratch.git(repo, "commit", "-q", "-m", "second");
  const look = createWorktreeLook(await scratch.find(repo), { env: scratch.env, leavingMs: 30_000 });
  return { scratch, repo, look, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
}

describe("a worktree that nobody watches", () => {
  it.each([
    { name: "a file", files: ["a.txt"], sees: true },
    { name: "a file with the signs of a glob in its name", files: ["src/[id].ts"], sees: true },
    { name: "a folder", files: ["src"], sees: true },
    { name: "a folder with a slash", files: ["new/"], sees: true },
    { name: "a glob", files: ["**/*.md"], sees: true },
    { name: "a glob that fits one folder only", files: ["*.md"], sees: false },
    { name: "a file that was not changed", files: ["b.txt"], sees: false },
  ])("shows what is uncommitted in a scope: $name", async ({ files, sees }) => {
    await using at = await repository();
    await writeFile(join(at.repo, "src", "[id].ts"), "two");
    await rm(join(at.repo, "a.txt"));
    await mkdir(join(at.repo, "new"));
    await writeFile(join(at.repo, "new", "one.md"), "new");

    expect(await at.look.hasUncommitted(files)).toBe(sees);
  });

  it("shows when an uncommitted file of a scope was last written", async () => {
    await using at = await repository();
    await writeFile(join(at.repo, "a.txt"), "two");
    await writeFile(join(at.repo, "b.txt"), "new");
    await utimes(join(at.repo, "a.txt"), 1_000, 1_000);
    await utimes(join(at.repo, "b.txt"), 2_000, 2_000);

    expect(await at.look.lastEditMs(["a.txt", "src"])).toBe(1_000_000);
    expect(await at.look.lastEditMs(["*.txt"])).toBe(2_000_000);
    expect(await at.look.lastEditMs(["src"])).toBeUndefined();
  });

  it("counts as uncommitted while git does not answer", async () => {
    await using at = await repository();
    const git = join(at.scratch.folder, "git");
    await writeFile(git, "#!/bin/sh\nexec sleep 60\n");
    await chmod(git, 0o755);
    const env = { ...at.scratch.env, PATH: `${at.scratch.folder}:${process.env["PATH"]}` };
    const look = createWorktreeLook(await at.scratch.find(at.repo), { env, leavingMs: 10 });

    expect(await look.hasUncommitted(["a.txt"])).toBe(true);
  });
});
