import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { linkedPaths } from "./scope-path.ts";

let root: string;

beforeAll(async () => {
  const scratch = await realpath(await mkdtemp(join(tmpdir(), "signalbox-scope-")));
  root = join(scratch, "tree");
  await mkdir(join(root, "lib/inner"), { recursive: true });
  await mkdir(join(scratch, "outside"));
  await writeFile(join(root, "lib/real.txt"), "real");
  await symlink("lib/real.txt", join(root, "link.txt"));
  await symlink("lib", join(root, "folder"));
  await symlink("../outside", join(root, "away"));
  await symlink("nowhere", join(root, "broken"));
  await symlink("loop", join(root, "loop"));
});
afterAll(() => rm(join(root, ".."), { recursive: true, force: true }));

it.each([
  { name: "a file as it is written", written: "lib/real.txt", gives: ["lib/real.txt"] },
  { name: "a file that does not exist yet", written: "lib/new/a.ts", gives: ["lib/new/a.ts"] },
  { name: "a link: its file and itself", written: "link.txt", gives: ["lib/real.txt", "link.txt"] },
  { name: "a linked folder: the real one and the link", written: "folder", gives: ["lib", "folder"] },
  { name: "a linked folder that is marked as one", written: "folder/", gives: ["lib/", "folder/"] },
  { name: "a file through a linked folder", written: "folder/real.txt", gives: ["lib/real.txt"] },
  { name: "a new file through a linked folder", written: "folder/inner/new.ts", gives: ["lib/inner/new.ts"] },
  { name: "a glob below a linked folder", written: "folder/*.txt", gives: ["lib/*.txt"] },
  { name: "a glob without a folder", written: "*.txt", gives: ["*.txt"] },
  { name: "a link that leads out: itself", written: "away", gives: ["away"] },
  { name: "a path through a link that leads out, as it is written", written: "away/a.ts", gives: ["away/a.ts"] },
  { name: "a link to nothing: itself", written: "broken", gives: ["broken"] },
  { name: "a link in a circle: itself", written: "loop", gives: ["loop"] },
  { name: "the whole worktree", written: ".", gives: ["."] },
  { name: "a path that leaves, which the session refuses", written: "../x", gives: ["../x"] },
])("stands for $name", ({ written, gives }) => {
  expect(linkedPaths(root, written)).toEqual(gives);
});
