import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askGit, GitSilent } from "./ask-git.ts";
import { findWorkspace, mainPathOf, type NoWorkspace } from "./repository.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

describe("a folder in a repository", () => {
  it("gives the worktree, its git directory and the main path", async () => {
    const root = await scratch.repository("plain");

    expect(await scratch.find(root)).toEqual({
      kind: "repository",
      root,
      gitDir: join(root, ".git"),
      commonDir: join(root, ".git"),
      main: root,
      bare: false,
    });
  });

  it("is found from below, from a file, through a symbolic link, and under a name with spaces, letters of any language and a line break", async () => {
    const root = await scratch.repository("Straße der\nÄpfel 漢字");
    const nested = join(root, "a b", "ü");
    await mkdir(nested, { recursive: true });
    await writeFile(join(nested, "file.txt"), "");
    await symlink(root, join(scratch.folder, "link"));

    for (const start of [nested, join(nested, "file.txt"), join(scratch.folder, "link"), join(scratch.folder, "link", "a b")]) {
      expect(await scratch.find(start)).toMatchObject({ root, gitDir: join(root, ".git"), main: root });
    }
  });

  it("asks one git process", async () => {
    const root = await scratch.repository("once");
    const log = join(scratch.folder, "calls");
    const env = await wrapGit(`echo call >> '${log}'; exec "$REAL" "$@"`);

    await findWorkspace(root, { env });

    expect(await readFile(log, "utf8")).toBe("call\n");
  });

  it("is not mistaken for the repository that a hook's environment names", async () => {
    const [root, other] = [await scratch.repository("here"), await scratch.repository("there")];
    const env = {
      ...scratch.env,
      GIT_DIR: join(other, ".git"),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, "index"),
      GIT_PREFIX: "x/",
      GIT_EDITOR: "vi",
      PAGER: "less",
    };

    expect(await findWorkspace(root, { env })).toMatchObject({ root, gitDir: join(root, ".git") });
  });
});

describe("the main path", () => {
  it("is shared by all worktrees", async () => {
    const main = await scratch.repository("shared");
    const linked = join(scratch.folder, "shared-linked");
    await scratch.git(main, "worktree", "add", "-q", "-b", "topic", linked);

    expect(await scratch.find(linked)).toEqual({
      kind: "repository",
      root: linked,
      gitDir: join(main, ".git", "worktrees", "shared-linked"),
      commonDir: join(main, ".git"),
      main,
      bare: false,
    });
  });

  it("is the repository itself when it is bare, also for its worktrees", async () => {
    const source = await scratch.repository("source");
    const bare = join(scratch.folder, "bare.git");
    const linked = join(scratch.folder, "bare-linked");
    await scratch.git(scratch.folder, "clone", "-q", "--bare", source, bare);
    await scratch.git(bare, "worktree", "add", "-q", linked, "main");

    expect(await scratch.find(bare)).toEqual({
      kind: "repository",
      root: undefined,
      gitDir: bare,
      commonDir: bare,
      main: bare,
      bare: true,
    });
    expect(await scratch.find(linked)).toMatchObject({ root: linked, commonDir: bare, main: bare, bare: false });
  });

  it("is the git directory of a submodule", async () => {
    const [outer, inner] = [await scratch.repository("outer"), await scratch.repository("inner")];
    await scratch.git(outer, "submodule", "--quiet", "add", inner, "lib");
    const gitDir = join(outer, ".git", "modules", "lib");

    expect(await scratch.find(join(outer, "lib"))).toEqual({
      kind: "repository",
      root: join(outer, "lib"),
      gitDir,
      commonDir: gitDir,
      main: gitDir,
      bare: false,
    });
    expect(await scratch.find(join(gitDir, "refs"))).toMatchObject({ root: join(outer, "lib"), gitDir, main: gitDir });
    expect(await scratch.find(outer)).toMatchObject({ root: outer, main: outer });
  });

  it("is that of its git directory where the worktree that it names is gone", async () => {
    const root = await scratch.repository("moved");
    await scratch.git(root, "config", "core.worktree", join(scratch.folder, "gone"));

    expect(await scratch.find(join(root, ".git"))).toMatchObject({ root: undefined, gitDir: join(root, ".git"), main: root });
  });

  it("is a separate git directory", async () => {
    const [root, gitDir] = [join(scratch.folder, "apart"), join(scratch.folder, "apart-store")];
    await scratch.git(scratch.folder, "init", "-q", "--separate-git-dir", gitDir, root);

    expect(await scratch.find(root)).toEqual({ kind: "repository", root, gitDir, commonDir: gitDir, main: gitDir, bare: false });
  });

  it("is found inside a git directory, where there is no worktree", async () => {
    const root = await scratch.repository("inside");

    expect(await scratch.find(join(root, ".git", "refs"))).toMatchObject({
      root: undefined,
      gitDir: join(root, ".git"),
      main: root,
      bare: false,
    });
  });
});

describe("where there is no repository", () => {
  it("refuses, and says how to go on", async () => {
    const folder = join(scratch.folder, "nowhere");
    await mkdir(folder);

    const refusal = await refused(folder);

    expect(refusal.code).toBe("workspace/outside");
    expect(refusal.message).toBe(
      `${folder} is in no git repository: run \`git init\` there, or name a folder with --workspace DIR or MPAC_WORKSPACE_DIR`,
    );
  });

  it("takes a folder that was named on purpose as a workspace of its own", async () => {
    const folder = join(scratch.folder, "on purpose");
    await mkdir(folder);

    const found = await findWorkspace(folder, { env: scratch.env, outside: "folder" });

    expect(found).toEqual({ kind: "folder", root: folder });
    expect(found.kind === "folder" && mainPathOf(found)).toBe(folder);
  });

  it("still finds the repository around a folder that was named on purpose", async () => {
    const root = await scratch.repository("named");

    expect(await findWorkspace(root, { env: scratch.env, outside: "folder" })).toMatchObject({ kind: "repository", root });
  });

  it("says that a folder was removed", async () => {
    const root = await scratch.repository("removed");
    await rm(root, { recursive: true });

    expect(await refused(root)).toMatchObject({ code: "workspace/no-folder", message: expect.stringContaining("ENOENT") as string });
  });

  it("says that git is missing, and never takes a repository for a plain folder because of it", async () => {
    const root = await scratch.repository("no git");
    const env = { ...scratch.env, PATH: join(scratch.folder, "home") };

    expect(await findWorkspace(root, { env, outside: "folder" })).toMatchObject({
      code: "workspace/git-missing",
      message: expect.stringContaining("install git") as string,
    });
  });

  it("gives git's own command for a repository that another user owns", async () => {
    const root = await scratch.repository("of bo");
    const env = await wrapGit('GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "$REAL" "$@"');

    const refusal = await findWorkspace(root, { env, outside: "folder" });

    expect(refusal).toMatchObject({ code: "workspace/dubious-ownership" });
    expect((refusal as NoWorkspace).message).toContain(`run \`git config --global --add safe.directory '${root}'\``);
  });

  it("names the repair of a worktree whose repository has moved away, and does not advise a new repository", async () => {
    const main = await scratch.repository("moving");
    const linked = join(scratch.folder, "left behind");
    await scratch.git(main, "worktree", "add", "-q", "-b", "behind", linked);
    await rename(main, `${main}-elsewhere`);

    const refusal = await refused(linked);

    expect(refusal.code).toBe("workspace/unreadable");
    expect(refusal.message).toContain("git worktree repair");
    expect(refusal.message).not.toContain("git init");
  });
});

describe("a git that does not answer", () => {
  it("ends the wait when the caller gives up", async () => {
    const root = await scratch.repository("given up");
    const started = join(scratch.folder, "started");
    await promisify(execFile)("mkfifo", [started]);
    const env = await wrapGit(`echo up > '${started}'; exec sleep 600`);
    const giveUp = new AbortController();

    const finding = findWorkspace(root, { env, signal: giveUp.signal });
    finding.catch(() => undefined);
    await readFile(started);
    giveUp.abort(new Error("ana left"));

    await expect(finding).rejects.toThrow("ana left");
  });

  it("ends at the limit with an error that names the question", async () => {
    const env = await wrapGit("exec sleep 600");

    const asking = askGit(scratch.folder, ["rev-parse", "HEAD"], { env, limitMs: 50 });

    await expect(asking).rejects.toThrow(GitSilent);
    await expect(asking).rejects.toThrow(`git rev-parse HEAD in ${scratch.folder} gave no answer within 50 ms`);
  });
});

async function refused(start: string): Promise<NoWorkspace> {
  const found = await findWorkspace(start, { env: scratch.env });
  if (found.kind !== "refused") throw new Error(`a workspace was found at ${start}`);
  return found;
}

let wrapped = 0;

/** An environment in which `git` is a script; `$REAL` in it is the real one. */
async function wrapGit(script: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(scratch.folder, `bin-${(wrapped += 1)}`);
  await mkdir(bin);
  await writeFile(join(bin, "git"), `#!/bin/sh\nREAL=$(PATH='${process.env["PATH"]}' command -v git)\n${script}\n`);
  await chmod(join(bin, "git"), 0o755);
  return { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}` };
}
