import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
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
  for (const said of ["blocked: ", "stale: README.md", "byte for byte", "mcpServers", "mcp_servers"]) expect(stdout).toContain(said);
  expect(await state()).toEqual(before);
  expect(await leftIn(scratch)).toEqual([]);
  expect(await processesIn(scratch.folder)).toEqual([]);
});

it("makes a repository up where there is none", async () => {
  await using scratch = await scratchFolder();
  const empty = await scratch.repository("empty");
  await scratch.git(empty, "update-ref", "-d", "HEAD");

  const { code, stdout } = await signalbox(scratch, "demo", "--workspace", empty);

  expect(code).toBe(0);
  expect(stdout).toContain("made up");
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
