import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitFailed } from "./ask-git.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { readIgnored, readStatus } from "./worktree-status.ts";
import type { Worktree } from "./worktrees.ts";
import { repositoryWith, worktreeAt, write } from "./worktree.test.fixture.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

const repository = (name: string, files?: readonly string[]) => repositoryWith(scratch, name, files);
const changes = async (worktree: Worktree) => Object.fromEntries((await readStatus(worktree, scratch)).changed);

describe("what has changed", () => {
  it("is each file that differs from the commit, by how it does", async () => {
    const worktree = await repository("kinds", ["same", "edited", "staged", "removed", "unstaged", "renamed", "typed"]);
    const { root } = worktree;
    await Promise.all(["edited", "staged", "deep/er/new"].map((file) => write(root, file, "two\n")));
    await write(root, "added");
    await write(root, "intended");
    await write(root, "came and went");
    await scratch.git(root, "add", "staged", "added", "came and went");
    await scratch.git(root, "add", "--intent-to-add", "intended");
    await rm(join(root, "came and went"));
    await rm(join(root, "removed"));
    await scratch.git(root, "rm", "-q", "--cached", "unstaged");
    await scratch.git(root, "mv", "renamed", "to");
    await chmod(join(root, "typed"), 0o755);

    expect(await changes(worktree)).toEqual({
      edited: "modified",
      staged: "modified",
      removed: "deleted",
      renamed: "deleted",
      to: "added",
      added: "added",
      intended: "added",
      "came and went": "deleted",
      typed: "modified",
      unstaged: "untracked",
      "deep/er/new": "untracked",
    });
  });

  it("is a conflict where a merge stopped at one", async () => {
    const worktree = await repository("conflict", ["both"]);
    const { root } = worktree;
    await scratch.git(root, "switch", "-q", "-c", "topic");
    await write(root, "both", "ana\n");
    await scratch.git(root, "commit", "-qam", "ana");
    await scratch.git(root, "switch", "-q", "main");
    await write(root, "both", "bo\n");
    await scratch.git(root, "commit", "-qam", "bo");
    await scratch.git(root, "merge", "-q", "topic").catch(() => undefined);

    expect(await changes(worktree)).toEqual({ both: "conflicted" });
  });

  it("keeps every name as it is", async () => {
    const names = ["with blank", "line\nbreak", 'quo"te', "-dash", "tab\there", "back\\slash", "1 M. N...", "ünï", ":(top)x", "*"];
    const worktree = await repository("names", names);
    for (const name of names) await write(worktree.root, name, "two\n");
    await write(worktree.root, " new\nand odd ");

    expect(await changes(worktree)).toEqual({
      ...Object.fromEntries(names.map((name) => [name, "modified"])),
      " new\nand odd ": "untracked",
    });
  });

  it("shows a name that is not text with replacement characters", async () => {
    const worktree = await repository("bytes");
    await writeFile(Buffer.concat([Buffer.from(join(worktree.root, "caf")), Buffer.from([0xe9])]), "one\n");

    expect(await changes(worktree)).toEqual({ "caf\ufffd": "untracked" });
  });

  it("leaves out what lies in another repository inside, and shows a submodule when another commit of it is checked out", async () => {
    const inner = await repository("inner", ["file"]);
    const worktree = await repository("outer");
    const { root } = worktree;
    await scratch.git(root, "submodule", "--quiet", "add", inner.root, "sub");
    await scratch.git(root, "commit", "-qm", "with a submodule");
    await scratch.git(root, "clone", "-q", inner.root, "stray");
    await write(root, "sub/file", "two\n");
    const dirty = await changes(worktree);
    await scratch.git(join(root, "sub"), "commit", "-qam", "two");

    expect(dirty).toEqual({});
    expect(await changes(worktree)).toEqual({ sub: "modified" });
  });
});

describe("what is checked out", () => {
  it("is a branch and a commit, or one of both", async () => {
    const worktree = await repository("heads");
    const { root } = worktree;
    const head = await scratch.git(root, "rev-parse", "HEAD");
    const onBranch = await readStatus(worktree, scratch);
    await scratch.git(root, "switch", "-q", "--detach");
    const detached = await readStatus(worktree, scratch);
    await scratch.git(root, "switch", "-q", "--orphan", "first/steps");
    const unborn = await readStatus(worktree, scratch);

    expect(onBranch).toEqual({ branch: "main", head, changed: new Map() });
    expect(detached).toEqual({ head, changed: new Map() });
    expect(unborn).toEqual({ branch: "first/steps", changed: new Map() });
  });
});

describe("asking for the status", () => {
  it("starts no monitor and leaves the index as it is, also when its times are old", async () => {
    const worktree = await repository("untouched", ["file"]);
    const { root } = worktree;
    const ran = join(scratch.folder, "monitor-ran");
    await writeFile(join(root, "monitor"), `#!/bin/sh\ntouch '${ran}'\n`, { mode: 0o755 });
    await scratch.git(root, "config", "core.untrackedCache", "true");
    await scratch.git(root, "config", "core.fsmonitor", join(root, "monitor"));
    await write(root, "file"); // the same text at another time: git would like to note that
    const before = await readFile(join(root, ".git", "index"));

    const found = await changes(worktree);
    await readIgnored(worktree, [], scratch);

    expect(found).toEqual({ monitor: "untracked" });
    expect(await readFile(join(root, ".git", "index"))).toEqual(before);
    await expect(readFile(ran)).rejects.toThrow("ENOENT");
  });

  it("is not answered for by the repository around, when the worktree's own is gone", async () => {
    const outer = await repository("around");
    await scratch.git(outer.root, "worktree", "add", "-q", "-b", "topic", "trees/topic");
    const inside = await worktreeAt(scratch, join(outer.root, "trees/topic"));
    await write(inside.root, "new");
    await rm(join(inside.root, ".git"));

    expect(await readStatus(inside, scratch)).toMatchObject({ branch: "topic", changed: new Map([["new", "untracked"]]) });
    await rm(inside.gitDir, { recursive: true });
    await expect(readStatus(inside, scratch)).rejects.toThrow(GitFailed);
  });
});

describe("what is ignored", () => {
  it("is a directory as a whole where a rule names it and nothing in it is tracked, else each file", async () => {
    const worktree = await repository("ignored", ["kept/by/force", "src/a"]);
    const { root } = worktree;
    await write(root, ".gitignore", "packages/\nkept/\n*.log\n");
    for (const file of ["packages/a/b", "kept/other", "kept/more/x", "src/x.log", "src/y.log", "src/packages/a", "logs/z.log", "new"]) {
      await write(root, file);
    }
    await mkdir(join(root, "src/empty/packages"), { recursive: true });
    await write(root, ".git/info/exclude", "/own\n");
    await write(root, "own");

    expect((await readIgnored(worktree, [], scratch)).toSorted()).toEqual(
      [
        "packages/",
        "kept/other",
        "kept/more/",
        "src/x.log",
        "src/y.log",
        "src/packages/",
        "src/empty/packages/",
        "logs/z.log",
        "own",
      ].sort(),
    );
  });

  it("is asked for some paths alone, whatever their names, and for all when they are many", async () => {
    const worktree = await repository("some");
    await write(worktree.root, ".gitignore", "*.log\n");
    const odd = [":(top)a.log", "-b.log", 'c"\n.log', "*.log", "d/e.log"];
    for (const file of [...odd, "other.log", "plain"]) await write(worktree.root, file);
    const many = Array.from({ length: 20_000 }, (_none, index) => `d/number-${index}`);

    const some = await readIgnored(worktree, [":(top)a.log", "-b.log", 'c"\n.log', "*.log", "d", "plain", "none"], scratch);

    expect(some.toSorted()).toEqual(odd.toSorted());
    expect((await readIgnored(worktree, many, scratch)).toSorted()).toEqual([...odd, "other.log"].toSorted());
  });
});
