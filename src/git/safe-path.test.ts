import { execFileSync } from "node:child_process";
import { mkdir, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { openInside, resolveInside } from "./safe-path.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

let scratch: Scratch;
let root: string;
let outside: string;

beforeEach(async () => {
  scratch = await scratchFolder();
  root = await scratch.repository("repo");
  outside = join(scratch.folder, "outside");
  await mkdir(join(root, "src"));
  await mkdir(outside);
  await writeFile(join(root, "src/a.ts"), "inside");
  await writeFile(join(outside, "secret"), "outside");
});

afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
});

async function why(written: string): Promise<string> {
  const answer = await resolveInside(root, written);
  if (answer.ok) throw new Error(`${written} is allowed`);
  return answer.why;
}

async function openAndRead(path: string): Promise<string | undefined> {
  const opened = await openInside(root, path);
  if (opened.status !== "open") return undefined;
  await using handle = opened.handle;
  return await handle.readFile("utf8");
}

it("names a file that is there by every spelling of its path", async () => {
  for (const written of ["src/a.ts", "./src/../src/a.ts", "src\\a.ts", join(root, "src/a.ts"), "src/a.ts/"]) {
    expect(await resolveInside(root, written)).toMatchObject({
      ok: true,
      path: "src/a.ts",
      absolute: join(root, "src/a.ts"),
      exists: true,
    });
  }
});

it("names a file that may be made, in directories that may be made", async () => {
  expect(await resolveInside(root, "new/deep/b.ts")).toMatchObject({
    path: "new/deep/b.ts",
    absolute: join(root, "new/deep/b.ts"),
    exists: false,
  });
});

it("understands an absolute path over a link to the worktree, and a root that is such a link", async () => {
  const link = join(scratch.folder, "link");
  await symlink(root, link);

  expect(await resolveInside(root, join(link, "src/a.ts"))).toMatchObject({ path: "src/a.ts" });
  expect(await resolveInside(root, join(link, "new/b.ts"))).toMatchObject({ path: "new/b.ts", exists: false });
  expect(await resolveInside(link, "src/a.ts")).toMatchObject({
    path: "src/a.ts",
    absolute: join(root, "src/a.ts"),
    root: await realpath(root),
  });
  expect(await resolveInside(link, join(link, "src/a.ts"))).toMatchObject({ path: "src/a.ts" });
});

describe("a link", () => {
  it("to a file inside leads to that file and keeps its own name", async () => {
    await symlink("src/a.ts", join(root, "link.ts"));

    expect(await resolveInside(root, "link.ts")).toMatchObject({
      path: "link.ts",
      absolute: join(root, "src/a.ts"),
      entry: join(root, "link.ts"),
    });
  });

  it("to a directory inside leads through it, also to a file that may be made", async () => {
    await symlink("src", join(root, "lib"));

    expect(await resolveInside(root, "lib/a.ts")).toMatchObject({ absolute: join(root, "src/a.ts"), entry: join(root, "src/a.ts") });
    expect(await resolveInside(root, "lib/b.ts")).toMatchObject({ absolute: join(root, "src/b.ts"), exists: false });
  });

  it("is refused when it leads out of the worktree, into git's directory, to nothing or in a circle", async () => {
    await symlink(join(outside, "secret"), join(root, "secret"));
    await symlink("../outside", join(root, "dir"));
    await symlink(".git", join(root, "own"));
    await symlink(".git/config", join(root, "config"));
    await symlink("nowhere", join(root, "dangling"));
    await symlink("circle", join(root, "circle"));

    expect(await why("secret")).toMatch(/leads out of the worktree/);
    expect(await why("dir/secret")).toMatch(/leads out of the worktree/);
    expect(await why("dir/new/file")).toMatch(/leads out of the worktree/);
    expect(await why("own/hooks/pre-commit")).toMatch(/git's own directory/);
    expect(await why("config")).toMatch(/git's own directory/);
    expect(await why("dangling")).toMatch(/to nothing/);
    expect(await why("dangling/new")).toMatch(/to nothing/);
    expect(await why("circle")).toMatch(/in a circle/);
  });
});

it("refuses a link into the git directory of a repository within", async () => {
  await scratch.git(root, "init", "-q", "nested");
  await symlink("nested/.git/config", join(root, "config"));

  expect(await why("config")).toMatch(/git's own directory/);
});

it("refuses git's own directory under another name", async () => {
  await rename(join(root, ".git"), join(root, "store"));
  await writeFile(join(root, ".git"), "gitdir: store\n");

  expect(await why("store/hooks/pre-commit")).toMatch(/git's own directory/);
  expect(await why(".git")).toMatch(/git's own directory/);
});

it("refuses what is no file: a directory, a pipe, a path through a file", async () => {
  execFileSync("mkfifo", [join(root, "pipe")]);

  expect(await why("src")).toMatch(/is a directory: name a file in it/);
  expect(await why("pipe")).toMatch(/not a regular file/);
  expect(await why("src/a.ts/b")).toMatch(/a part of it is a file/);
});

it("says when the worktree is gone", async () => {
  await rm(root, { recursive: true });

  expect(await why("src/a.ts")).toMatch(/cannot be reached \(ENOENT\)/);
});

it("opens the file that was checked, or says that there is none", async () => {
  expect(await openAndRead("src/a.ts")).toBe("inside");
  expect(await openInside(root, "src/b.ts")).toMatchObject({ status: "missing" });
  expect(await openInside(root, "../outside/secret")).toMatchObject({ status: "refused" });
});

it("never reads outside while a directory turns into a link and back", async () => {
  await mkdir(join(root, "flip"));
  await writeFile(join(root, "flip/secret"), "inside");
  await symlink(outside, join(root, "flip-link"));
  let stop = false;
  const flipping = (async () => {
    while (!stop) {
      await rename(join(root, "flip"), join(root, "flip-real"));
      await rename(join(root, "flip-link"), join(root, "flip"));
      await rename(join(root, "flip"), join(root, "flip-link"));
      await rename(join(root, "flip-real"), join(root, "flip"));
    }
  })();

  const read = new Set<string | undefined>();
  for (let turn = 0; turn < 300; turn++) {
    read.add(await openAndRead("flip/secret"));
  }
  stop = true;
  await flipping;

  expect(read).not.toContain("outside");
  expect(await openAndRead("flip/secret")).toBe("inside");
});
