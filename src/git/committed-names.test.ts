import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { committedNames } from "./committed-names.ts";
import { scratchFolder } from "./scratch.test.fixture.ts";

it("goes on with what is committed in that folder, and follows nothing", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("tree");
  await mkdir(join(root, "src/tools"), { recursive: true });
  for (const name of ["src/a.ts", "src/tools/b.ts", "src/[x].ts", "ä.md"]) await writeFile(join(root, name), "x");
  await symlink("/etc", join(root, "src/out"));
  await scratch.git(root, "add", "-A");
  await scratch.git(root, "commit", "-qm", "all");
  await writeFile(join(root, "src/secret.env"), "not committed");
  const names = (begun: string) => committedNames(root, begun);

  expect(await names("s")).toEqual(["src/"]);
  expect(await names("src/")).toEqual(["src/[x].ts", "src/a.ts", "src/out", "src/tools/"]);
  expect(await names("src/t")).toEqual(["src/tools/"]);
  expect(await names("ä")).toEqual(["ä.md"]);
  for (const begun of ["src/out/", "none/", "../", "../../etc/", "/etc/", "src/*/", ":/", "a\0", "-h/"])
    expect([begun, await names(begun)]).toEqual([begun, []]);
});

it("knows nothing before the first commit, and in a folder that is no repository", async () => {
  await using scratch = await scratchFolder();
  const empty = join(scratch.folder, "empty");
  await scratch.git(scratch.folder, "init", "-q", empty);

  expect([await committedNames(empty, ""), await committedNames(scratch.folder, "")]).toEqual([[], []]);
});
