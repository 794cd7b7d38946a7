import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFileLister } from "./file-list.ts";
import { refOf } from "./file-state.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

const LIMITS = { maxEntries: 100, maxBytes: 1_000 };
const TOMORROW = () => Date.now() + 86_400_000;
let scratch: Scratch;
let root: string;

beforeEach(async () => {
  scratch = await scratchFolder();
  root = await scratch.repository("repo");
});

afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), content);
}

const shortOf = (content: string | Uint8Array) => refOf(Buffer.from(content)).slice(0, 23);
const pathsOf = (list: { files: readonly { path: string }[] }) => list.files.map(({ path }) => path);

describe("the files of a worktree", () => {
  it("are those that git tracks or would add, by path, with short references and sizes in characters", async () => {
    await put("src/ü.ts", "\ufeffgrüße 😀");
    await put("a b.ts", "tracked");
    await put("ignored.log", "x");
    await put(".gitignore", "*.log\n");
    await put("image", Uint8Array.of(0xff, 0xfe, 0xfd));
    await scratch.git(root, "add", "a b.ts");

    const list = await createFileLister(root, { kind: "repository" }).list(LIMITS);

    expect(list).toEqual({
      files: [
        { path: ".gitignore", state_ref: shortOf("*.log\n"), size: 6 },
        { path: "a b.ts", state_ref: shortOf("tracked"), size: 7 },
        { path: "image", state_ref: shortOf(Uint8Array.of(0xff, 0xfe, 0xfd)), size: 3 },
        { path: "src/ü.ts", state_ref: shortOf("\ufeffgrüße 😀"), size: 8 },
      ],
      truncated: false,
    });
  });

  it("leave out links, files that are gone, nested repositories, large files and names that no caller can write", async () => {
    await put("a.ts", "x");
    await put("gone.ts", "x");
    await put("dir/b.ts", "x");
    await scratch.git(root, "add", ".");
    await rm(join(root, "gone.ts"));
    await symlink("a.ts", join(root, "link.ts"));
    await mkdir(join(scratch.folder, "outside"));
    await writeFile(join(scratch.folder, "outside/b.ts"), "secret");
    await rename(join(root, "dir"), join(scratch.folder, "moved"));
    await symlink("../outside", join(root, "dir"));
    await put("large.ts", "x".repeat(1_001));
    await put("back\\slash.ts", "x");
    await put("back/slash.ts", "x");
    await put("line\nbreak.ts", "x");
    await scratch.git(root, "init", "-q", "nested");
    await put("nested/c.ts", "x");

    expect(pathsOf(await createFileLister(root, { kind: "repository" }).list(LIMITS))).toEqual(["a.ts", "back/slash.ts"]);
  });

  it("are cut at the number that was asked for, and say so", async () => {
    for (const name of ["a", "b", "c"]) await put(name, name);
    const lister = createFileLister(root, { kind: "repository" });

    const cut = await lister.list({ ...LIMITS, maxEntries: 2 });

    expect([pathsOf(cut), cut.truncated]).toEqual([["a", "b"], true]);
    expect((await lister.list({ ...LIMITS, maxEntries: 3 })).truncated).toBe(false);
  });

  it("answer for this repository whatever GIT_DIR says", async () => {
    await put("a.ts", "x");
    process.env["GIT_DIR"] = join(scratch.folder, "elsewhere");
    try {
      expect(pathsOf(await createFileLister(root, { kind: "repository" }).list(LIMITS))).toEqual(["a.ts"]);
    } finally {
      delete process.env["GIT_DIR"];
    }
  });
});

describe("asking twice", () => {
  it("hashes only what was written since", async () => {
    for (const name of ["a", "b", "c"]) await put(name, "old");
    const lister = createFileLister(root, { kind: "repository", nowMs: TOMORROW });
    const first = await lister.list(LIMITS);
    expect(await lister.list(LIMITS)).toEqual(first);
    expect(lister.hashed).toBe(3);

    await put("b", "newer");
    await rm(join(root, "c"));

    expect((await lister.list(LIMITS)).files).toEqual([
      { path: "a", state_ref: shortOf("old"), size: 3 },
      { path: "b", state_ref: shortOf("newer"), size: 5 },
    ]);
    expect(lister.hashed).toBe(4);
  });

  it("hashes again what was written in the last two seconds", async () => {
    await put("a", "old");
    const lister = createFileLister(root, { kind: "repository" });

    await lister.list(LIMITS);
    await lister.list(LIMITS);

    expect(lister.hashed).toBe(2);
  });
});

describe("a folder in no repository", () => {
  it("is walked as it is, without git's own directories and without following links", async () => {
    root = join(scratch.folder, "plain");
    await put("src/deep/a.ts", "x");
    await put("b.ts", "x");
    await put("inner/.git/config", "x");
    await symlink(scratch.folder, join(root, "up"));

    const lister = createFileLister(root, { kind: "folder" });

    expect(pathsOf(await lister.list(LIMITS))).toEqual(["b.ts", "src/deep/a.ts"]);
    expect(await lister.list({ ...LIMITS, maxEntries: 1 })).toMatchObject({ truncated: true });
  });

  it("has no files when it is gone", async () => {
    expect(await createFileLister(join(scratch.folder, "none"), { kind: "folder" }).list(LIMITS)).toEqual({ files: [], truncated: false });
  });
});
