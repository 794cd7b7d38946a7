/** `signalbox init` as a person or a script runs it, against the sidecar itself. */
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import type { Row } from "./doctor/row.ts";
import { EXIT } from "./exit-codes.ts";
import { MCP_FILE, SETTINGS_FILE } from "./init/claude-files.ts";
import { healthOf, signalbox } from "./program.test.fixture.ts";

const init = (scratch: Scratch, root: string, ...args: string[]) => signalbox(scratch, "init", "--workspace", root, ...args);

it("shows the change, writes it, proves that the guard blocks, and says what other clients need", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("re po's «ü»");

  const first = await init(scratch, root, "--yes");
  const second = await init(scratch, root, "--yes");

  expect(first).toMatchObject({ code: EXIT.ok });
  expect(first.stdout).toMatch(/^--- \/dev\/null\n\+\+\+ b\/\.mcp\.json$/m);
  expect(first.stdout).toMatch(/^\+ +"matcher": "Edit\|Write\|MultiEdit\|NotebookEdit",$/m);
  expect(first.stdout).toMatch(/^proved: an edit of a file that another agent holds is denied/m);
  expect(first.stdout).toMatch(/^Codex: .*\n +\[mcp_servers\.signalbox\]/m);
  expect(first.stdout).not.toContain("Claude Code: .mcp.json");
  expect(first.stderr).toContain("git shows .mcp.json and .claude/settings.local.json as new");
  expect(second.code).toBe(EXIT.ok);
  expect(second.stdout).toMatch(/^Claude Code is wired here already; nothing changes\.\nproved: /);
  expect(await healthOf(scratch, root)).toBeUndefined();
  expect((await signalbox(scratch, "doctor", "--json", "--workspace", root)).stdout).toContain('"check":"guard","state":"ok"');

  const removed = await init(scratch, root, "--remove", "--yes");

  expect(removed).toMatchObject({ code: EXIT.ok, stderr: "" });
  expect(removed.stdout).toMatch(/^--- a\/\.mcp\.json\n\+\+\+ \/dev\/null$/m);
  expect(await readdir(root)).toEqual([".git"]);
});

it("says all of it in one document when JSON is asked for", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  await mkdir(join(root, ".claude"));
  await writeFile(join(root, SETTINGS_FILE), "{}\n");

  const said = await init(scratch, root, "--json", "--yes", "--strict");

  expect(said).toMatchObject({ code: EXIT.ok });
  expect(JSON.parse(said.stdout)).toMatchObject({
    workspace_dir: root,
    written: true,
    files: [
      { path: MCP_FILE, change: "create" },
      { path: SETTINGS_FILE, change: "update", diff: expect.stringContaining(" --strict -- ") as string },
    ],
    guard: { proved: true },
  });
  const doctor = JSON.parse((await signalbox(scratch, "doctor", "--json", "--workspace", root)).stdout) as { rows: Row[] };
  expect(doctor.rows.find(({ check }) => check === "guard")).toMatchObject({
    state: "ok",
    found: expect.stringContaining("strict, and blocks") as string,
  });
});

describe("without anybody who can answer", () => {
  it.each([
    { name: "without a terminal", args: [] },
    { name: "for a document", args: ["--json"] },
  ])("writes nothing $name, and says what to do", async ({ args }) => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");

    const said = await init(scratch, root, ...args);

    expect(said.code).toBe(EXIT.usage);
    expect(said.stdout + said.stderr).toContain("no terminal to ask on: --yes writes without asking, --dry-run only shows");
    expect(await readdir(root)).toEqual([".git"]);
  });

  it.each([{ args: ["--dry-run"] }, { args: ["--dry-run", "--yes"] }, { args: ["--dry-run", "--json"] }])(
    "shows with $args what would change, and leaves it",
    async ({ args }) => {
      await using scratch = await scratchFolder();
      const root = await scratch.repository("repo");

      const { code, stdout, stderr } = await init(scratch, root, ...args);

      expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
      expect(stdout).toContain("signalbox-guard.sh");
      expect(await readdir(root)).toEqual([".git"]);
    },
  );
});

it("says which file changes behind a link before it is written", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  const target = join(scratch.folder, "elsewhere.json");
  await writeFile(target, "{}\n");
  await symlink(target, join(root, MCP_FILE));

  const { code, stderr } = await init(scratch, root, "--dry-run");

  expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: `signalbox: .mcp.json is a link: what changes is ${target}\n` });
});

describe("what cannot be wired", () => {
  it("is a file that is no JSON, which stays as it is", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await writeFile(join(root, MCP_FILE), "{ // mine\n}\n");

    const said = await init(scratch, root, "--yes");

    expect(said).toMatchObject({ code: EXIT.failed, stdout: "" });
    expect(said.stderr).toMatch(/^signalbox: \.mcp\.json has comments .*: it is left as it is; mend it, then run the command again\n$/);
    expect(await readFile(join(root, MCP_FILE), "utf8")).toBe("{ // mine\n}\n");
  });

  it("is a bare repository", async () => {
    await using scratch = await scratchFolder();
    await scratch.git(scratch.folder, "init", "-q", "--bare", "bare.git");

    const said = await init(scratch, join(scratch.folder, "bare.git"), "--yes");

    expect(said).toMatchObject({ code: EXIT.noWorkspace, stdout: "" });
    expect(said.stderr).toContain("no worktree here");
  });

  it("is a client that init does not know", async () => {
    await using scratch = await scratchFolder();

    expect(await init(scratch, scratch.folder, "--client", "derail")).toMatchObject({ code: EXIT.usage, stdout: "" });
  });
});

it("tells a folder in no repository to the bridge, which would not take it for a workspace", async () => {
  await using scratch = await scratchFolder();
  const root = join(scratch.folder, "plain");
  await mkdir(root);

  const { stdout } = await init(scratch, root, "--dry-run", "--json");

  expect(stdout).toContain(String.raw`\"mcp\",\n+        \"--workspace\",\n+        \"${root}\"`);
});

it.each([["derail"], ["pre-tool-use", "--store", "/nowhere"], ["pre-tool-use", "--derail"], []])(
  "never ends a hook with a code that a client could take for a denial, as with %s",
  async (...args) => {
    await using scratch = await scratchFolder();

    const said = await signalbox(scratch, "hook", ...args, "--workspace", scratch.folder);

    expect(said).toMatchObject({ code: EXIT.failed, stdout: "" });
    expect(said.stderr).toMatch(/^signalbox: .*; this edit is not guarded\n$/);
  },
);
