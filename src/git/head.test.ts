import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitFolderMissing } from "./ask-git.ts";
import { gitUser, isPathCaseInsensitive, readHead } from "./head.ts";
import type { PlainFolder } from "./repository.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

const plain = (): PlainFolder => ({ kind: "folder", root: scratch.folder });

describe("what is checked out", () => {
  it("is a branch and a commit", async () => {
    const root = await scratch.repository("on a branch");
    await scratch.git(root, "switch", "-q", "-c", "topic/basket");
    const head = await scratch.git(root, "rev-parse", "HEAD");

    expect(await readHead(await scratch.find(root), scratch)).toEqual({ branch: "topic/basket", head });
  });

  it("is each worktree's own", async () => {
    const root = await scratch.repository("two trees");
    const linked = join(scratch.folder, "second tree");
    await scratch.git(root, "worktree", "add", "-q", "-b", "topic", linked);
    await scratch.git(linked, "commit", "-q", "--allow-empty", "-m", "second");

    const [one, two] = [await readHead(await scratch.find(root), scratch), await readHead(await scratch.find(linked), scratch)];

    expect([one.branch, two.branch]).toEqual(["main", "topic"]);
    expect(one.head).not.toBe(two.head);
  });

  it("is a commit without a branch when HEAD is detached", async () => {
    const root = await scratch.repository("detached");
    await scratch.git(root, "switch", "-q", "--detach");

    expect(await readHead(await scratch.find(root), scratch)).toEqual({ head: await scratch.git(root, "rev-parse", "HEAD") });
  });

  it("is a branch without a commit before the first one", async () => {
    const root = join(scratch.folder, "unborn");
    await scratch.git(scratch.folder, "init", "-q", "-b", "first/steps", root);

    expect(await readHead(await scratch.find(root), scratch)).toEqual({ branch: "first/steps" });
  });

  it("is nothing in a plain folder", async () => {
    expect(await readHead(plain(), scratch)).toEqual({});
  });

  it("is read while another git holds the index", async () => {
    const root = await scratch.repository("locked");
    await writeFile(join(root, ".git", "index.lock"), "");

    expect(await readHead(await scratch.find(root), scratch)).toMatchObject({ branch: "main" });
  });

  it("is a fault that names the folder once the worktree is gone", async () => {
    const root = await scratch.repository("gone");
    const found = await scratch.find(root);
    await rm(root, { recursive: true });

    await expect(readHead(found, scratch)).rejects.toThrow(new GitFolderMissing(root));
  });
});

describe("the user of git", () => {
  it("is named by the repository's configuration before the global one", async () => {
    const root = await scratch.repository("named");
    const found = await scratch.find(root);

    expect(await gitUser(found, scratch)).toBe("Ana");
    await scratch.git(root, "config", "user.name", "Bo Ångström");
    expect(await gitUser(found, scratch)).toBe("Bo Ångström");
    expect(await gitUser(plain(), scratch)).toBe("Ana");
  });

  it("is undefined when git knows none", async () => {
    const root = await scratch.repository("nameless");

    expect(await gitUser(await scratch.find(root), { env: { ...scratch.env, GIT_CONFIG_GLOBAL: "/dev/null" } })).toBeUndefined();
  });
});

describe("case of paths", () => {
  it("is told by the disk and not by a configuration that came from elsewhere", async () => {
    const root = await scratch.repository("case");
    await mkdir(join(scratch.folder, "CASE"), { recursive: true });
    const here = await isPathCaseInsensitive(root);
    await scratch.git(root, "config", "core.ignorecase", String(!here));

    expect(await isPathCaseInsensitive(root)).toBe(here);
    expect(await isPathCaseInsensitive(join(scratch.folder, "case"))).toBe(here);
  });

  it("does not matter where both cases of a name lead to one file", async () => {
    const folder = join(scratch.folder, "one file");
    await mkdir(folder);
    await writeFile(join(folder, ".git"), "");
    expect(await isPathCaseInsensitive(folder)).toBe(false);

    await link(join(folder, ".git"), join(folder, ".GIT"));

    expect(await isPathCaseInsensitive(folder)).toBe(true);
  });
});
