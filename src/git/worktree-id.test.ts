import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WorktreeId } from "../wire/ids.ts";
import { asOrdinaryUser, isRoot, type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { existingWorktreeId, WORKTREE_ID_FILE, worktreeId, worktreeIdOf } from "./worktree-id.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

async function gitDir(name: string): Promise<string> {
  const folder = join(scratch.folder, name);
  await mkdir(folder);
  return folder;
}

describe("a worktree's id", () => {
  it("is its own for each worktree, and the same when asked again", async () => {
    const root = await scratch.repository("main");
    const linked = join(scratch.folder, "linked");
    await scratch.git(root, "worktree", "add", "-q", "-b", "topic", linked);
    const [one, two] = [await scratch.find(root), await scratch.find(linked)];

    const ids = [await worktreeIdOf(one), await worktreeIdOf(two)];

    expect(new Set(ids).size).toBe(2);
    expect([await worktreeIdOf(one), await worktreeIdOf(two)]).toEqual(ids);
    expect(await scratch.git(root, "status", "--porcelain")).toBe("");
  });

  it("goes along when the folder moves", async () => {
    const before = await gitDir("before");
    const id = await worktreeId(before);
    await rename(before, join(scratch.folder, "after"));

    expect(await worktreeId(join(scratch.folder, "after"))).toBe(id);
  });

  it("is one for twenty that ask at once, with and without hard links, and leaves no other file behind", async () => {
    const noLinks = () => Promise.reject(Object.assign(new Error("no links here"), { code: "EPERM" }));
    for (const [name, options] of [
      ["links", {}],
      ["no links", { giveName: noLinks }],
    ] as const) {
      const folder = await gitDir(`twenty ${name}`);

      const ids = await Promise.all(Array.from({ length: 20 }, () => worktreeId(folder, options)));

      expect(new Set(ids).size).toBe(1);
      expect(WorktreeId.safeParse(ids[0]).success).toBe(true);
      expect(await readFile(join(folder, WORKTREE_ID_FILE), "utf8")).toBe(`${ids[0]}\n`);
      expect(await readdir(folder)).toEqual([WORKTREE_ID_FILE]);
    }
  });

  it("is derived from the path where nothing can be kept", async () => {
    const [one, two] = [await gitDir("read-only one"), await gitDir("read-only two")];
    await Promise.all([chmod(one, 0o555), chmod(two, 0o555)]);

    const ids = await asOrdinaryUser([], () => Promise.all([worktreeId(one), worktreeId(one), worktreeId(two)]));

    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    expect(await readdir(one)).toEqual([]);
  });

  it("is derived from the path when the file holds something else, which is left alone", async () => {
    const folder = await gitDir("broken");
    await writeFile(join(folder, WORKTREE_ID_FILE), "not an id");

    expect(await worktreeId(folder)).toBe(await worktreeId(folder));
    expect(await readFile(join(folder, WORKTREE_ID_FILE), "utf8")).toBe("not an id");
  });

  it("is derived from the path in a plain folder and a bare repository", async () => {
    const bare = join(scratch.folder, "bare.git");
    await scratch.git(scratch.folder, "init", "-q", "--bare", bare);

    const ids = [await worktreeIdOf(await scratch.find(bare)), await worktreeIdOf({ kind: "folder", root: scratch.folder })];

    expect(new Set(ids).size).toBe(2);
    expect(await readdir(bare)).not.toContain(WORKTREE_ID_FILE);
    expect(await readdir(scratch.folder)).not.toContain(WORKTREE_ID_FILE);
  });
});

describe("looking for a worktree's id", () => {
  it("finds the one that is kept, and makes none where there is none", async () => {
    const [kept, without] = [await gitDir("with an id"), await gitDir("without an id")];
    const id = await worktreeId(kept);

    expect(await existingWorktreeId(kept)).toBe(id);
    expect(await existingWorktreeId(without)).toBeUndefined();
    expect(await existingWorktreeId(join(scratch.folder, "no such place"))).toBeUndefined();
    expect(await readdir(without)).toEqual([]);
  });

  it("finds the derived one where something else is kept", async () => {
    const broken = await gitDir("looked at, broken");
    await writeFile(join(broken, WORKTREE_ID_FILE), "not an id");

    expect(await existingWorktreeId(broken)).toBe(await worktreeId(broken));
  });

  it("finds the derived one where nothing can be kept", async ({ skip }) => {
    const readOnly = await gitDir("looked at, read-only");
    await using mount = await readOnlyPlace(readOnly);
    if (mount === undefined) return skip("this machine lets nobody make a folder read-only for root");

    const found = await existingWorktreeId(readOnly);

    expect(found).toBeDefined();
    expect(found).toBe(await worktreeId(readOnly));
  });
});

/** Makes a folder one in which this process can write nothing. Undefined where it cannot be done. */
async function readOnlyPlace(folder: string): Promise<AsyncDisposable | undefined> {
  if (!isRoot) {
    await chmod(folder, 0o555);
    return { [Symbol.asyncDispose]: () => chmod(folder, 0o755) };
  }
  const run = promisify(execFile);
  const mounted = await run("mount", ["-t", "tmpfs", "-o", "ro", "none", folder]).catch(() => undefined);
  return mounted && { [Symbol.asyncDispose]: async () => void (await run("umount", [folder])) };
}
