import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { observeWorktrees, type Observations } from "./observations.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { WORKTREE_ID_FILE, worktreeId } from "./worktree-id.ts";
import { eventually, repositoryWith, write } from "./worktree.test.fixture.ts";

const silent = { info: () => undefined, warn: () => undefined };

/** A repository with a linked worktree in which somebody works. */
async function observed(scratch: Scratch) {
  const main = await repositoryWith(scratch, "repo", ["src/a.ts"]);
  const linked = join(scratch.folder, "linked");
  await scratch.git(main.root, "worktree", "add", "-q", "-b", "side", linked);
  const gitDir = join(main.gitDir, "worktrees/linked");
  const observations = observeWorktrees(main, { log: silent, env: scratch.env });
  return { main, linked, gitDir, id: await worktreeId(gitDir), observations };
}

function treeOf(observations: Observations, id: string) {
  return eventually(() => observations.tree(id));
}

describe("a worktree", () => {
  it("goes by the id of its bridges, also when it was made anew between two looks", async () => {
    await using scratch = await scratchFolder();
    const { linked, gitDir, id, observations: watched } = await observed(scratch);
    await using observations = watched;
    observations.notice({ id, path: linked });
    expect(await treeOf(observations, id)).toMatchObject({ path: linked, branch: "side" });

    await rm(join(gitDir, WORKTREE_ID_FILE));
    const anew = await worktreeId(gitDir);
    observations.notice({ id: anew, path: linked });

    expect(anew).not.toBe(id);
    expect(await treeOf(observations, anew)).toMatchObject({ path: linked, branch: "side", total: 0 });
    expect(observations.tree(id)).toBeUndefined();
    await write(linked, "b.ts");
    await eventually(() => observations.tree(anew)?.total || undefined);
  });

  it("is seen by the path that its people name where its git directory, which lies elsewhere, does not name it", async () => {
    await using scratch = await scratchFolder();
    const root = join(scratch.folder, "apart");
    await scratch.git(scratch.folder, "init", "-q", "--separate-git-dir", join(scratch.folder, "git of apart"), root);
    const { gitDir } = await scratch.find(root);
    const id = await worktreeId(gitDir);
    await write(root, "a.ts");
    await using observations = observeWorktrees(await scratch.find(gitDir), { log: silent, env: scratch.env });

    observations.notice({ id: "0000000000000000", path: await scratch.repository("another") });
    observations.notice({ id, path: root });

    expect(await treeOf(observations, id)).toMatchObject({ path: root, changed: ["a.ts"] });
    expect([...observations.trees()]).toHaveLength(1);
  });
});

describe("the place of a file", () => {
  it("is the worktree that its bytes lie in, and none elsewhere", async () => {
    await using scratch = await scratchFolder();
    const { main, linked, id, observations: watched } = await observed(scratch);
    await using observations = watched;
    await symlink(join(linked, "src"), join(main.root, "other"));
    await mkdir(join(scratch.folder, "elsewhere"));
    await writeFile(join(scratch.folder, "elsewhere/x"), "x");
    await symlink(join(scratch.folder, "elsewhere/x"), join(main.root, "x"));

    expect(await observations.placeOf(join(main.root, "src/../new/deep.ts"))).toMatchObject({ root: main.root, path: "new/deep.ts" });
    await treeOf(observations, id);
    expect(await observations.placeOf(join(main.root, "other/a.ts"))).toEqual({
      treeId: id,
      root: linked,
      path: "src/a.ts",
      branch: "side",
      head: await scratch.git(linked, "rev-parse", "HEAD"),
    });
    expect(await observations.placeOf(join(main.root, "x"))).toBeUndefined();
    expect(await observations.placeOf(join(main.gitDir, "config"))).toBeUndefined();
    expect(await observations.placeOf(join(main.root, "src"))).toBeUndefined();
  });

  it("is found for a worktree that its git directory, which lies elsewhere, names or does not name", async () => {
    await using scratch = await scratchFolder();
    const main = await repositoryWith(scratch, "repo");
    const [submodule, apart] = [join(main.root, "lib"), join(scratch.folder, "apart")];
    await scratch.git(main.root, "submodule", "--quiet", "add", await scratch.repository("library"), "lib");
    await scratch.git(scratch.folder, "init", "-q", "--separate-git-dir", join(scratch.folder, "git of apart"), apart);

    for (const root of [submodule, apart]) {
      const { gitDir } = await scratch.find(root);
      await using observations = observeWorktrees(await scratch.find(gitDir), { log: silent, env: scratch.env });
      expect(await observations.placeOf(join(root, "new/a.ts"))).toMatchObject({ root, path: "new/a.ts" });
      expect(await observations.placeOf(join(gitDir, "config"))).toBeUndefined();
    }
  });

  it("is the one around it for a file of another repository inside, which its people may hold", async () => {
    await using scratch = await scratchFolder();
    const { main, observations: watched } = await observed(scratch);
    await using observations = watched;
    await scratch.git(main.root, "init", "-q", "inner");

    expect(await observations.placeOf(join(main.root, "inner/a.ts"))).toMatchObject({ root: main.root, path: "inner/a.ts" });
    expect(await observations.placeOf(join(main.root, "inner/.git/config"))).toBeUndefined();
  });
});

it("is ignored as git ignores it", async () => {
  await using scratch = await scratchFolder();
  const { main, observations: watched } = await observed(scratch);
  await using observations = watched;
  await write(main.root, ".gitignore", "build/\n*.log\n!kept.log\n");
  await write(main.root, "src/.gitignore", "gen:1:*\n");
  const isIgnored = async (file: string) => {
    const place = await observations.placeOf(join(main.root, file));
    return place === undefined ? undefined : observations.isIgnored(place);
  };

  const answers = await Promise.all(["build/x", "a.log", "src/gen:1:x", "kept.log", "src/a.ts", "new/b.ts", "a:1:b"].map(isIgnored));

  expect(answers).toEqual([true, true, true, false, false, false, false]);
});
