import { type FSWatcher, watch as watchPath } from "node:fs";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { createWatchedTree } from "./watched-tree.ts";
import { eventually, repositoryWith, write } from "./worktree.test.fixture.ts";
import { readStatus } from "./worktree-status.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** A repository with these files, and its tree, watched. */
async function watchedTree(name: string, files: readonly string[], prepare: (root: string) => Promise<unknown> = async () => undefined) {
  const worktree = await repositoryWith(scratch, name, files);
  const { root } = worktree;
  await prepare(root);
  const open = new Map<FSWatcher, string>();
  const heard = new Set<string>();
  const deaf = new Set<string>();
  let touches = 0;
  const tree = createWatchedTree(worktree, {
    onTouched: () => (touches += 1),
    onLost: () => undefined,
    watch: ((path: string, options: object, listener: (kind: string, name: string) => void) => {
      const watcher = watchPath(path, options, (kind, name) => {
        heard.add(join(relative(root, path), name ?? ""));
        if (!deaf.has(name ?? "")) listener(kind, name ?? "");
      });
      const end = watcher.close.bind(watcher);
      open.set(watcher, relative(root, path));
      return Object.assign(watcher, { close: () => open.delete(watcher) && end() });
    }) as typeof watchPath,
  });
  await tree.update(scratch);
  return {
    root,
    tree,
    directories: () => [...open.values()].toSorted(),
    touches: () => touches,
    /** Names of which nothing is told. */
    deaf,
    /** Writes a file, which must not have been told of before, until it is. */
    hears: async (file: string) => {
      const isNew = !heard.has(file);
      await write(root, file);
      await eventually(() => (heard.has(file) ? true : undefined));
      return isNew;
    },
    /** Resolves when something that is not passed over was told since `act` began. */
    touched: async (act: () => Promise<unknown>) => {
      const before = touches;
      await act();
      return eventually(() => (touches > before ? true : undefined));
    },
    /** Updates until these directories are watched, and no others. */
    follows: (expected: readonly string[]) =>
      eventually(async () => {
        await tree.update(scratch);
        return JSON.stringify([...open.values()].toSorted()) === JSON.stringify(expected.toSorted()) ? true : undefined;
      }),
    learn: async () => tree.learn((await readStatus(worktree, scratch)).changed, scratch),
  };
}

describe("the directories that are watched", () => {
  it("are those where git would see a new file or has a tracked one, and none of another repository", async () => {
    const { tree, directories } = await watchedTree("first", ["src/deep/er/a", "kept/by force/a"], async (root) => {
      await write(root, ".gitignore", "packages\nkept\n");
      for (const file of ["packages/a/b", "src/packages/a", "kept/other/a", "new/dir/a"]) await write(root, file);
      await mkdir(join(root, "empty/too"), { recursive: true });
      await scratch.git(root, "init", "-q", "another");
      await mkdir(join(root, "another/deep"));
    });

    const expected = ["", "empty", "empty/too", "kept", "kept/by force", "new", "new/dir", "src", "src/deep", "src/deep/er"];
    expect(directories()).toEqual(expected);
    expect(tree.size).toBe(expected.length);
    tree[Symbol.dispose]();
    expect(directories()).toEqual([]);
  });

  it("grow by those that are made, empty ones too, and shrink by those that are removed", async () => {
    const { root, tree, follows, hears } = await watchedTree("grows", ["src/a"], (path) => write(path, ".gitignore", "packages/\n"));

    await mkdir(join(root, "src/one/two/three"), { recursive: true });
    await write(root, "packages/a/b");
    expect(await follows(["", "src", "src/one", "src/one/two", "src/one/two/three"])).toBe(true);
    expect(await hears("src/one/two/three/file")).toBe(true);
    await rm(join(root, "src/one/two"), { recursive: true });
    expect(await follows(["", "src", "src/one"])).toBe(true);
    tree[Symbol.dispose]();
  });

  it("are watched anew when they come back under their name", async () => {
    const { root, tree, follows, hears, touched } = await watchedTree("comes back", ["src/deep/er/a"]);
    const all = ["", "src", "src/deep", "src/deep/er"];

    await touched(() => rm(join(root, "src"), { recursive: true }));
    await write(root, "src/deep/er/a");
    expect(await follows(all)).toBe(true);
    await tree.update(scratch);

    for (const file of ["src/deep/er/b", "src/deep/b", "src/b"]) expect(await hears(file)).toBe(true);
    expect(tree.size).toBe(all.length);
    tree[Symbol.dispose]();
  });

  it("are watched anew when the whole worktree is another folder", async () => {
    const { root, tree, directories, hears, touched } = await watchedTree("copied", ["src/a"]);

    await cp(root, `${root} copy`, { recursive: true });
    await touched(async () => {
      await rename(root, `${root} away`);
      await rename(`${root} copy`, root);
    });
    await tree.update(scratch);

    expect(directories()).toEqual(["", "src"]);
    expect(await hears("src/b")).toBe(true);
    tree[Symbol.dispose]();
  });

  it("go by their new names when one is renamed", async () => {
    const { root, tree, follows, hears } = await watchedTree("renamed", ["old/deep/a"]);

    await rename(join(root, "old"), join(root, "new"));
    expect(await follows(["", "new", "new/deep"])).toBe(true);
    expect(await hears("new/deep/b")).toBe(true);
    tree[Symbol.dispose]();
  });

  it("follow an ignore file when it changes", async () => {
    const { root, tree, follows } = await watchedTree("rules", ["src/a"], (path) => write(path, "out/deep/a"));

    await write(root, "src/.gitignore", "built\n");
    await write(root, ".gitignore", "out/\n");
    await write(root, "src/built/a");
    expect(await follows(["", "src"])).toBe(true);
    await rm(join(root, "src/.gitignore"));
    expect(await follows(["", "src", "src/built"])).toBe(true);
    await rm(join(root, ".gitignore"));
    expect(await follows(["", "src", "src/built", "out", "out/deep"])).toBe(true);
    tree[Symbol.dispose]();
  });

  it("leave out one that becomes another repository", async () => {
    const { root, tree, follows } = await watchedTree("leaves", ["src/a"], (path) => write(path, "mine/deep/a"));

    await scratch.git(root, "init", "-q", "mine");
    expect(await follows(["", "src"])).toBe(true);
    tree[Symbol.dispose]();
  });

  it.skipIf(process.platform !== "linux")(
    "are watched anew when thousands of things were told, among which the system may have dropped some",
    async () => {
      const { root, tree, hears, touches, deaf } = await watchedTree("dropped", ["src/a", "src/unheard/a"]);
      deaf.add("unheard");
      await rm(join(root, "src/unheard"), { recursive: true });
      await write(root, "src/unheard/a");

      for (let file = 0; file < 4_100; file += 1) await writeFile(join(root, `src/${file}`), "one\n");
      await eventually(() => (touches() > 8_000 ? true : undefined));
      await tree.update(scratch);

      expect(await hears("src/unheard/b")).toBe(true);
      tree[Symbol.dispose]();
    },
  );

  it("are found again after an update that went wrong", async () => {
    const { root, tree, directories, touched } = await watchedTree("wrong", ["src/a"]);
    await touched(() => mkdir(join(root, "new")));

    await expect(tree.update({ signal: AbortSignal.abort(new Error("ana left")) })).rejects.toThrow("ana left");
    await tree.update(scratch);

    expect(directories()).toEqual(["", "new", "src"]);
    tree[Symbol.dispose]();
  });
});

it("asks git nothing again that it answered before", async () => {
  const { root, tree, touched } = await watchedTree("asks", ["src/a"], async (path) => {
    await write(path, ".gitignore", "packages/\n");
    await write(path, "packages/a");
  });
  const noGit = { env: { ...scratch.env, PATH: "/nonexistent" } };

  await touched(() => write(root, "new"));
  await touched(() => rename(join(root, "new"), join(root, "saved")));
  await tree.update(noGit);
  await touched(() => mkdir(join(root, "other")));

  await expect(tree.update(noGit)).rejects.toThrow("no git");
  tree[Symbol.dispose]();
});

describe("a file that is ignored", () => {
  it("is passed over when it is written, at once where it stood before, else once it was looked into", async () => {
    const { root, tree, touches, touched, learn } = await watchedTree("logs", ["src/a"], async (path) => {
      await write(path, ".gitignore", "*.log\n");
      await write(path, "old.log");
    });

    await writeFile(join(root, "old.log"), "two\n");
    await touched(() => write(root, "new.log"));
    await tree.update(scratch);
    await learn();
    const before = touches();
    await writeFile(join(root, "new.log"), "two\n");
    await writeFile(join(root, "old.log"), "three\n");
    await touched(() => write(root, "src/last"));

    // Linux tells a new file twice: its name, and what is written to it.
    expect(touches() - before).toBeLessThanOrEqual(2);
    tree[Symbol.dispose]();
  });

  it("is told again once it is tracked", async () => {
    const { root, tree, touched, learn } = await watchedTree("forced", ["src/a"], async (path) => {
      await write(path, ".gitignore", "*.log\nout/\n");
      await write(path, "a.log");
      await write(path, "out/deep/a");
    });

    await touched(() => write(root, "src/a", "two\n"));
    await tree.update(scratch);
    await scratch.git(root, "add", "--force", "a.log", "out/deep/a");
    await learn();
    await tree.update(scratch);

    expect(await touched(() => writeFile(join(root, "a.log"), "two\n"))).toBe(true);
    expect(await touched(() => writeFile(join(root, "out/deep/a"), "two\n"))).toBe(true);
    tree[Symbol.dispose]();
  });
});
