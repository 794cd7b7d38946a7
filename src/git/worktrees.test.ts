import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { repositoryWith, worktreeAt } from "./worktree.test.fixture.ts";
import { listWorktrees, parseList } from "./worktrees.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

const roots = async (start: string) => (await listWorktrees(await scratch.find(start), scratch)).map(({ root }) => root);

it("lists the worktree that asks first, then the others, each as it is found from inside", async () => {
  const { root } = await repositoryWith(scratch, "three");
  const [one, two] = [join(scratch.folder, "one"), join(scratch.folder, 'line\nbreak and "quote"')];
  await scratch.git(root, "worktree", "add", "-q", "-b", "one", one);
  await scratch.git(root, "worktree", "add", "-q", "--detach", two);

  const found = await listWorktrees(await scratch.find(one), scratch);

  expect(found).toEqual(await Promise.all([one, root, two].map((place) => worktreeAt(scratch, place))));
});

it("leaves out what is gone, was moved by hand, or is another repository by now", async () => {
  const { root } = await repositoryWith(scratch, "thinned");
  const places = ["removed", "moved", "replaced"].map((name) => join(scratch.folder, name));
  for (const place of places) await scratch.git(root, "worktree", "add", "-q", "--detach", place);
  const [removed = "", moved = "", replaced = ""] = places;
  await rm(removed, { recursive: true });
  await rename(moved, `${moved} away`);
  await rm(replaced, { recursive: true });
  await scratch.repository("replaced");

  expect(await roots(root)).toEqual([root]);
});

it("leaves out a bare repository and keeps the worktrees linked to it", async () => {
  const { root } = await repositoryWith(scratch, "origin");
  const [bare, linked] = [join(scratch.folder, "bare.git"), join(scratch.folder, "linked to bare")];
  await scratch.git(scratch.folder, "clone", "-q", "--bare", root, bare);
  await scratch.git(bare, "worktree", "add", "-q", linked, "main");

  expect(await roots(bare)).toEqual([linked]);
  expect(await roots(linked)).toEqual([linked]);
});

it("finds the worktree of a submodule, and of a repository with its git directory elsewhere", async () => {
  const inner = await repositoryWith(scratch, "inner", ["file"]);
  const { root } = await repositoryWith(scratch, "outer");
  await scratch.git(root, "submodule", "--quiet", "add", inner.root, "sub");
  const separate = join(scratch.folder, "separate");
  await scratch.git(scratch.folder, "init", "-q", "--separate-git-dir", join(scratch.folder, "elsewhere"), separate);

  expect(await roots(join(root, "sub"))).toEqual([join(root, "sub")]);
  expect(await roots(root)).toEqual([root]);
  expect(await roots(separate)).toEqual([separate]);
});

it("reads the list of a git that ends lines with line breaks, and asks for that one when it must", async () => {
  const { root } = await repositoryWith(scratch, "old git");
  const bin = join(scratch.folder, "bin");
  await mkdir(bin);
  const old = `#!/bin/sh\ncase "$*" in *-z*) echo "error: unknown switch \\\`z'" >&2; exit 129;; esac\nPATH='${scratch.env["PATH"]}' exec git "$@"\n`;
  await writeFile(join(bin, "git"), old, { mode: 0o755 });
  const env = { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}` };

  expect((await listWorktrees(await scratch.find(root), { env })).map((worktree) => worktree.root)).toEqual([root]);
  expect(
    parseList(
      "worktree /a b\nHEAD 12\nbranch refs/heads/main\n\nworktree /bare\nbare\n\nworktree /c\nHEAD 12\ndetached\nlocked why\n\nworktree /d\nprunable gone\n\n",
    ),
  ).toEqual(["/a b", "/c"]);
});
