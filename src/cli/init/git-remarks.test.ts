import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "../../git/scratch.test.fixture.ts";
import { gitRemarks } from "./git-remarks.ts";
import { PROJECT_FILES } from "./plan.ts";

it.each([
  { name: "nothing ignored", ignored: "", tracked: [], says: [/settings\.local\.json is not ignored by git: put a line/] },
  { name: "the local settings ignored", ignored: ".claude/settings.local.json\n", tracked: [], says: [] },
  { name: "everything ignored", ignored: ".mcp.json\n.claude/\n", tracked: [], says: [] },
  {
    name: "both committed",
    ignored: "",
    tracked: PROJECT_FILES,
    says: [/^\.mcp\.json is committed, .* do not commit the change/, /settings\.local\.json is committed, .*`git rm --cached/],
  },
  {
    name: "the local settings committed and ignored",
    ignored: ".claude/settings.local.json\n",
    tracked: [".claude/settings.local.json"],
    says: [/settings\.local\.json is committed/],
  },
])("with $name says $says.length remarks", async ({ ignored, tracked, says }) => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  await mkdir(join(root, ".claude"));
  for (const name of PROJECT_FILES) await writeFile(join(root, name), "{}\n");
  if (tracked.length > 0) await scratch.git(root, "add", "--force", ...tracked);
  await writeFile(join(root, ".gitignore"), ignored);

  const remarks = await gitRemarks(root, PROJECT_FILES);

  expect(remarks).toEqual(says.map((pattern) => expect.stringMatching(pattern) as string));
});

it("has nothing to say where git is not", async () => {
  await using scratch = await scratchFolder();

  expect(await gitRemarks(scratch.folder, PROJECT_FILES)).toEqual([]);
});
