import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "../../git/scratch.test.fixture.ts";
import { gitRemarks } from "./git-remarks.ts";
import { PROJECT_FILES } from "./plan.ts";

it.each([
  {
    name: "nothing ignored",
    ignored: "",
    tracked: [],
    says: [/^git shows \.mcp\.json and \.claude\/settings\.local\.json as new, .* >> \/\S+\/\.git\/info\/exclude` hides them$/],
  },
  { name: "the local settings ignored", ignored: ".claude/settings.local.json\n", tracked: [], says: [/^git shows \.mcp\.json as new/] },
  { name: "everything ignored", ignored: ".mcp.json\n.claude/\n", tracked: [], says: [] },
  {
    name: "both committed",
    ignored: "",
    tracked: PROJECT_FILES,
    says: [/^\.mcp\.json is committed, .* do not commit the change/, /settings\.local\.json is committed, .*`git -C \/\S+ rm --cached/],
  },
  {
    name: "the local settings committed and ignored",
    ignored: ".claude/settings.local.json\n",
    tracked: [".claude/settings.local.json"],
    says: [/settings\.local\.json is committed/, /^git shows \.mcp\.json as new/],
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

it("names a command that hides the files wherever it is run, in a linked worktree of a folder with a space as well", async () => {
  await using scratch = await scratchFolder();
  const [main, linked] = [await scratch.repository("its own"), join(scratch.folder, "linked")];
  await scratch.git(main, "commit", "--allow-empty", "-qm", "first");
  await scratch.git(main, "worktree", "add", "-q", linked);
  for (const root of [main, linked]) await writeFile(join(root, ".mcp.json"), "{}\n");

  const [remark = ""] = await gitRemarks(linked, PROJECT_FILES);
  execFileSync("sh", ["-c", /`(.*)`/.exec(remark)?.[1] ?? "false"], { cwd: scratch.folder });

  expect(await gitRemarks(linked, PROJECT_FILES)).toEqual([]);
  expect(await scratch.git(main, "status", "--porcelain")).toBe("");
});

it.each([
  { name: "its last line has no end", info: "*.log" },
  { name: "there is no folder for it", info: undefined },
])("names a command that takes nothing away from what is excluded, also where $name", async ({ info }) => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  if (info === undefined) await rm(join(root, ".git/info"), { recursive: true });
  else await writeFile(join(root, ".git/info/exclude"), info);
  for (const name of [".mcp.json", ...(info === undefined ? [] : ["a.log"])]) await writeFile(join(root, name), "{}\n");

  const [remark = ""] = await gitRemarks(root, PROJECT_FILES);
  execFileSync("sh", ["-c", /`(.*)`/.exec(remark)?.[1] ?? "false"], { cwd: scratch.folder });

  expect(await scratch.git(root, "status", "--porcelain")).toBe("");
});

it("has nothing to say where git is not", async () => {
  await using scratch = await scratchFolder();

  expect(await gitRemarks(scratch.folder, PROJECT_FILES)).toEqual([]);
});
