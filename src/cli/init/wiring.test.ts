import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asOrdinaryUser, type Scratch, scratchFolder } from "../../git/scratch.test.fixture.ts";
import { mainPathOf } from "../../git/repository.ts";
import { locateStore } from "../../git/store-folder.ts";
import { MCP_FILE, SETTINGS_FILE } from "./claude-files.ts";
import { carryOut, planFor, projectAt, type WiringFlags } from "./wiring.ts";

async function projectIn(scratch: Scratch, root: string, flags: WiringFlags = {}) {
  const workspace = await scratch.find(root);
  const store = await locateStore(workspace, { env: scratch.env });
  return projectAt({ workspace, main: mainPathOf(workspace), store }, flags);
}

/** How many files changed. */
async function wire(scratch: Scratch, root: string, flags: WiringFlags = {}): Promise<number> {
  const project = await projectIn(scratch, root, flags);
  const plan = planFor(project);
  await carryOut(project, plan);
  return plan.length;
}

const remove = (scratch: Scratch, root: string) => wire(scratch, root, { remove: true });
const read = (root: string, name: string) => readFile(join(root, name), "utf8");
const commandIn = async (root: string) =>
  (JSON.parse(await read(root, SETTINGS_FILE)) as { hooks: { PreToolUse: { hooks: { command: string }[] }[] } }).hooks.PreToolUse[0]
    ?.hooks[0]?.command;

async function put(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(root, ".claude"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
}

describe("in a repository without files of Claude Code", () => {
  it("makes them, does nothing the second time, and removes all of it", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("re po's «ü»");

    expect(await wire(scratch, root)).toBe(2);
    expect(await wire(scratch, root)).toBe(0);
    expect(JSON.parse(await read(root, MCP_FILE))).toMatchObject({ mcpServers: { signalbox: { command: process.execPath } } });
    expect(await commandIn(root)).toContain("signalbox-guard.sh --store");
    expect(await remove(scratch, root)).toBe(2);
    expect(await readdir(root)).toEqual([".git"]);
    expect(await remove(scratch, root)).toBe(0);
  });

  it("writes none of them where one cannot be written", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, { [SETTINGS_FILE]: "{}\n" });
    const project = await projectIn(scratch, root);
    await writeFile(join(root, SETTINGS_FILE), '{ "of": "somebody" }\n');

    await expect(carryOut(project, planFor(project))).rejects.toThrow("was changed in the meantime");

    expect(await readdir(root)).toEqual([".claude", ".git"]);
  });

  it("leaves the folder when somebody has put something into it", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await wire(scratch, root);
    await writeFile(join(root, ".claude/CLAUDE.md"), "mine");

    await remove(scratch, root);

    expect(await readdir(join(root, ".claude"))).toEqual(["CLAUDE.md"]);
  });

  it("wires a linked worktree for itself, over the store of the repository", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    const linked = join(scratch.folder, "linked");
    await scratch.git(root, "worktree", "add", "-q", linked);

    await wire(scratch, linked);

    expect(await commandIn(linked)).toContain(` --store ${root}/.git/signalbox `);
    expect(await readdir(root)).toEqual([".git"]);
    await remove(scratch, linked);
    expect(await readdir(linked)).toEqual([".git"]);
  });

  it("is strict when asked, and no longer when asked again without", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");

    await wire(scratch, root, { strict: true });
    expect(await commandIn(root)).toContain(" --strict -- ");
    expect(await wire(scratch, root)).toBe(1);
    expect(await commandIn(root)).not.toContain("--strict");
  });
});

describe("in files that are there", () => {
  it.each([
    { name: "in other indentations", mcp: '{\n\t"mcpServers": {}\n}', settings: '{\n    "model": "x",\n    "hooks": {"Stop": []}\n}\n\n' },
    { name: "on one line", mcp: '{ "mcpServers":{"x":{"command":"y"}} }', settings: "{ }" },
    { name: "empty", mcp: "", settings: " \n" },
    {
      name: "with line ends of Windows",
      mcp: '{\r\n  "a": 1\r\n}\r\n',
      settings: '{\r\n  "hooks": {\r\n    "PreToolUse": []\r\n  }\r\n}\r\n',
    },
  ])("$name puts everything back byte for byte", async ({ mcp, settings }) => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, { [MCP_FILE]: mcp, [SETTINGS_FILE]: settings });

    await wire(scratch, root, { strict: true });
    await wire(scratch, root);
    await remove(scratch, root);

    expect([await read(root, MCP_FILE), await read(root, SETTINGS_FILE)]).toEqual([mcp, settings]);
    expect((await readdir(root)).sort()).toEqual([".claude", ".git", ".mcp.json"]);
  });

  it("keeps what somebody has changed since, and what was there, when it is removed", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, { [SETTINGS_FILE]: '{\n  "model": "x"\n}\n' });
    await wire(scratch, root);
    for (const name of [MCP_FILE, SETTINGS_FILE])
      await writeFile(join(root, name), (await read(root, name)).replace("{", '{\n  "new": 1,'));

    await remove(scratch, root);

    expect(await read(root, MCP_FILE)).toBe('{\n  "new": 1\n}\n');
    expect(await read(root, SETTINGS_FILE)).toBe('{\n  "new": 1,\n  "model": "x"\n}\n');
  });

  it("removes what is ours where nothing was kept of it", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, { [MCP_FILE]: '{\n  "mcpServers": {\n    "x": {}\n  }\n}\n' });
    await wire(scratch, root);
    const folder = join(root, ".git/signalbox");
    for (const name of await readdir(folder)) if (name.startsWith("init-")) await unlink(join(folder, name));

    await remove(scratch, root);

    expect(await read(root, MCP_FILE)).toBe('{\n  "mcpServers": {\n    "x": {}\n  }\n}\n');
    expect(await read(root, SETTINGS_FILE)).toBe("{}\n");
  });

  it("removes a file that has nothing left in it when there was none before", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await wire(scratch, root);
    await writeFile(join(root, MCP_FILE), `${await read(root, MCP_FILE)}\n\n`);

    await remove(scratch, root);

    expect(await readdir(root)).toEqual([".git"]);
  });

  it("brings the paths of an earlier installation up to date where they stand, and still knows what was before", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, { [MCP_FILE]: "{}" });
    await wire(scratch, root);
    const now = await read(root, SETTINGS_FILE);
    await writeFile(join(root, SETTINGS_FILE), now.replace(/\/\S*signalbox-guard\.sh/, "/gone/signalbox-guard.sh"));

    expect(await wire(scratch, root)).toBe(1);

    expect(await read(root, SETTINGS_FILE)).toBe(now);
    await remove(scratch, root);
    expect(await read(root, MCP_FILE)).toBe("{}");
    expect(await readdir(join(root, ".claude"))).toEqual([]);
  });

  it("keeps mode and link of a file, and changes what the link leads to", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, {});
    const target = join(scratch.folder, "dotfiles.json");
    await writeFile(target, "{}");
    await chmod(target, 0o640);
    await symlink(target, join(root, SETTINGS_FILE));

    await wire(scratch, root);

    expect((await lstat(join(root, SETTINGS_FILE))).isSymbolicLink()).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect(await readFile(target, "utf8")).toContain("signalbox-guard.sh");
    await remove(scratch, root);
    expect(await readFile(target, "utf8")).toBe("{}");
  });

  it("keeps what was before for its owner alone, because settings may hold secrets", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await put(root, { [MCP_FILE]: '{"mcpServers": {"x": {"env": {"TOKEN": "secret"}}}}' });
    await wire(scratch, root);

    const folder = join(root, ".git/signalbox");
    const [kept = ""] = (await readdir(folder)).filter((name) => name.startsWith("init-"));

    expect((await stat(join(folder, kept))).mode & 0o777).toBe(0o600);
  });
});

describe("what it does not touch", () => {
  it.each([
    { name: "a file that is no JSON", text: "{ // mine\n}\n", says: /^\.mcp\.json has comments/ },
    { name: "a file that is no text", text: Buffer.from([0x7b, 0xff, 0x7d]), says: /^\.mcp\.json is not UTF-8/ },
  ])("is $name, and nothing else is written then", async ({ text, says }) => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await writeFile(join(root, MCP_FILE), text);

    await expect(wire(scratch, root)).rejects.toThrow(says);

    expect(await readFile(join(root, MCP_FILE))).toEqual(Buffer.from(text));
    expect(await readdir(root)).toEqual([".git", ".mcp.json"]);
  });

  it("is a link that leads nowhere", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await symlink("/nowhere/x.json", join(root, MCP_FILE));

    await expect(wire(scratch, root)).rejects.toThrow(/^\.mcp\.json is a link that leads nowhere/);
  });

  it("is a file that somebody changes between the look and the writing", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    const project = await projectIn(scratch, root);
    const plan = planFor(project);
    await writeFile(join(root, MCP_FILE), '{"mine": 1}');

    await expect(carryOut(project, plan)).rejects.toThrow(/^\.mcp\.json was changed in the meantime/);

    expect(await read(root, MCP_FILE)).toBe('{"mine": 1}');
  });

  it("is a folder in which this user may not write, and says so", async () => {
    await using scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    const project = await projectIn(scratch, root);
    await chmod(root, 0o555);

    await asOrdinaryUser([], () =>
      expect(carryOut(project, planFor(project))).rejects.toThrow(/^\.mcp\.json cannot be written \(EACCES\)/),
    );

    await chmod(root, 0o755);
  });
});
