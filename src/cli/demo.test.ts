import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { copyForDemo } from "./demo/scratch.ts";
import { EXIT } from "./exit-codes.ts";
import { eventually, processesIn, signalbox, start } from "./program.test.fixture.ts";

/** Demonstrations whose folder is still there. */
const leftIn = async ({ env }: Scratch) => (await readdir(env["TMPDIR"] ?? "")).filter((name) => name.startsWith("signalbox-demo-"));

it("plays to its end on a copy, leaves nothing, and says how to wire a client", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await writeFile(join(repo, "README.md"), "# Ana's repository\n");
  await scratch.git(repo, "add", "README.md");
  await scratch.git(repo, "commit", "-q", "-m", "second");
  const state = async () => [
    await scratch.git(repo, "for-each-ref"),
    await scratch.git(repo, "status", "--porcelain"),
    await readdir(join(repo, ".git")),
  ];
  const before = await state();

  const { code, stdout, stderr } = await signalbox(scratch, "demo", "--workspace", repo);

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).not.toMatch(/without a task|changed files/);
  for (const said of ["blocked: ", "stale: README.md", "byte for byte", "mcpServers", "mcp_servers"]) expect(stdout).toContain(said);
  expect(await state()).toEqual(before);
  expect(await leftIn(scratch)).toEqual([]);
  expect(await processesIn(scratch.folder)).toEqual([]);
});

it("makes a repository up where there is none", async () => {
  await using scratch = await scratchFolder();

  const made = await copyForDemo(scratch.folder, undefined, new AbortController().signal);

  expect(made.file).toBe("README.md");
  expect(await scratch.git(made.worktrees.bo, "branch", "--show-current")).toBe("demo/bo");
});

it("chooses a text file that people know, and no setting of the user's own leads out of the copy", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await writeFile(join(repo, "README.md"), Buffer.from([1, 0, 2]));
  await writeFile(join(repo, "a.bin"), Buffer.from([0xff, 0xfe]));
  await writeFile(join(repo, "main.c"), "int main;\n");
  await scratch.git(repo, "add", "--all");
  await scratch.git(repo, "commit", "-q", "-m", "second");
  process.env["MPAC_SIDECAR_PORT"] = "1";

  const made = await copyForDemo(scratch.folder, repo, new AbortController().signal);
  delete process.env["MPAC_SIDECAR_PORT"];

  expect(made.file).toBe("main.c");
  expect(Object.keys(made.env).filter((name) => name.startsWith("MPAC_"))).toEqual([]);
  expect(made.env["XDG_STATE_HOME"]?.startsWith(scratch.folder)).toBe(true);
});

it("ends and removes what it started when it is interrupted", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await writeFile(join(repo, "README.md"), "# Ana's repository\n");
  await scratch.git(repo, "add", "README.md");
  await scratch.git(repo, "commit", "-q", "-m", "second");
  await using demo = start(scratch, "signalbox", ["demo", "--workspace", repo]);

  await eventually(() => (demo.stdout().includes("begin_task") ? true : undefined));
  demo.kill("SIGINT");
  const { code, stderr } = await demo.ended;

  expect(code).toBe(EXIT.interrupted);
  expect(stderr).toMatch(/^signalbox: interrupted[^\n]+\n$/);
  expect(await leftIn(scratch)).toEqual([]);
  expect(await processesIn(scratch.folder)).toEqual([]);
});

it("cleans up as well when nobody reads it to the end", async () => {
  await using scratch = await scratchFolder();
  await using demo = start(scratch, "signalbox", ["demo", "--workspace", await scratch.repository("repo")]);

  await eventually(() => (demo.stdout() === "" ? undefined : true));
  demo.stopReading();
  const { code, stderr } = await demo.ended;

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await leftIn(scratch)).toEqual([]);
  expect(await processesIn(scratch.folder)).toEqual([]);
});
