import { access, chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mainPathOf } from "../../git/repository.ts";
import { type Scratch, scratchFolder } from "../../git/scratch.test.fixture.ts";
import { locateStore } from "../../git/store-folder.ts";
import { checkClaude, hooksHeard } from "./guard.ts";
import type { Row } from "./row.ts";
import { MCP_FILE, SETTINGS_FILE } from "../init/claude-files.ts";
import { guardCommand } from "../init/guard-command.ts";
import { ownLaunch } from "../launcher.ts";
import { discoveryOf } from "../program.test.fixture.ts";
import type { Running } from "../running.ts";

const NONE: Running = { kind: "none" };

async function placeIn(scratch: Scratch, root: string) {
  const workspace = await scratch.find(root);
  return { workspace, main: mainPathOf(workspace), store: await locateStore(workspace, { env: scratch.env }) };
}

async function rowsOf(scratch: Scratch, root: string, running = NONE): Promise<readonly [Row | undefined, Row | undefined]> {
  const [config, guard, ...more] = await checkClaude(await placeIn(scratch, root), running);
  expect(more).toEqual([]);
  return [config, guard];
}

async function put(root: string, name: string, value: unknown): Promise<void> {
  await mkdir(join(root, ".claude"), { recursive: true });
  await writeFile(join(root, name), typeof value === "string" ? value : JSON.stringify(value));
}

const server = (command: string, ...args: string[]) => ({ mcpServers: { signalbox: { command, args } } });
const hook = (command: string, matcher = "Edit|Write|MultiEdit|NotebookEdit") => ({
  hooks: { PreToolUse: [{ matcher, hooks: [{ type: "command", command }] }] },
});

async function repository(scratch: Scratch): Promise<string> {
  return scratch.repository("repo");
}

describe("the configuration of the server", () => {
  it("is none of doctor's business where there is none", async () => {
    await using scratch = await scratchFolder();
    const root = await repository(scratch);
    await put(root, MCP_FILE, { mcpServers: { other: { command: "x" } } });

    const [config, guard] = await rowsOf(scratch, root);

    expect(config).toMatchObject({ check: "mcp config", state: "ok", found: expect.stringContaining("`signalbox init`") as string });
    expect(guard).toMatchObject({ check: "guard", state: "ok", found: expect.stringContaining("no guard") as string });
  });

  it.each([
    {
      name: "that is not JSON",
      file: "{ //\n}",
      row: { state: "fail", found: expect.stringContaining("has comments") as string },
    },
    {
      name: "of a program that is gone",
      file: server(process.execPath, "/gone/signalbox.js", "mcp"),
      row: { state: "fail", found: ".mcp.json starts /gone/signalbox.js, which is not there" },
    },
    {
      name: "of another installation",
      file: server(process.execPath, "/bin/sh", "mcp"),
      row: { state: "warn", found: expect.stringContaining("/bin/sh") as string },
    },
    {
      name: "without absolute paths",
      file: server("npx", "-y", "signalbox", "mcp"),
      row: { state: "warn", found: expect.stringContaining("npx") as string },
    },
    {
      name: "of this installation, with an option of a person's own",
      file: server(ownLaunch().command, ...ownLaunch().args, "mcp", "--read-only"),
      row: { state: "ok", found: ".mcp.json starts this installation" },
    },
  ])("$name is $row.state", async ({ file, row }) => {
    await using scratch = await scratchFolder();
    const root = await repository(scratch);
    await put(root, MCP_FILE, file);

    const [config] = await rowsOf(scratch, root);

    expect(config).toMatchObject(row);
  });
});

describe("a guard", () => {
  it("is missed where the server is wired", async () => {
    await using scratch = await scratchFolder();
    const root = await repository(scratch);
    await put(root, MCP_FILE, server(ownLaunch().command, ...ownLaunch().args, "mcp"));

    expect((await rowsOf(scratch, root))[1]).toMatchObject({ state: "warn", todo: "`signalbox init` writes it" });
  });

  it("whose script is gone is a failure", async () => {
    await using scratch = await scratchFolder();
    const root = await repository(scratch);
    await put(root, SETTINGS_FILE, hook("'/gone away/signalbox-guard.sh' --store /x -- node y"));

    const [, guard] = await rowsOf(scratch, root);

    expect(guard).toMatchObject({ state: "fail", found: "the hook runs /gone away/signalbox-guard.sh, which is not there" });
  });

  it("that is not what init writes is told, and never run", async () => {
    await using scratch = await scratchFolder();
    const root = await repository(scratch);
    const script = join(scratch.folder, "signalbox-guard.sh");
    await writeFile(script, `#!/bin/sh\ntouch '${scratch.folder}/ran'\n`);
    await chmod(script, 0o755);
    await put(root, ".claude/settings.json", hook(`${script} --store x`));

    const [, guard] = await rowsOf(scratch, root);

    expect(guard).toMatchObject({ state: "warn", found: expect.stringContaining("was not tried") as string });
    await expect(access(join(scratch.folder, "ran"))).rejects.toThrow("ENOENT");
  });

  it.each([
    {
      name: "is switched off",
      more: { disableAllHooks: true },
      matcher: undefined,
      found: /\.claude\/settings\.local\.json switches all hooks off/,
    },
    { name: "does not see every edit tool", more: {}, matcher: "Edit", found: /does not run before each/ },
  ])("that $name is told", async ({ more, matcher, found }) => {
    await using scratch = await scratchFolder();
    const root = await repository(scratch);
    const { store } = await placeIn(scratch, root);
    const command = guardCommand({ store: store.folder, strict: true, launch: ownLaunch() });
    await put(root, SETTINGS_FILE, { ...hook(command, matcher), ...more });

    const [, guard] = await rowsOf(scratch, root);

    expect(guard).toMatchObject({ state: "warn", found: expect.stringMatching(found) as string });
  });
});

it.each([
  {
    name: "hooks",
    status: 200,
    body: { hooks: { count: 3, last_at: "2026-01-02T03:04:05Z" } },
    heard: { count: 3, lastAt: "2026-01-02T03:04:05Z" },
  },
  { name: "no hook yet", status: 200, body: { hooks: { count: 0, last_at: null } }, heard: { count: 0, lastAt: undefined } },
  { name: "nothing, from a release that counts none", status: 404, body: { detail: "there is nothing" }, heard: undefined },
  { name: "something else", status: 200, body: [], heard: undefined },
  { name: "nothing, to somebody without its token", status: 401, body: { hooks: { count: 3 } }, heard: undefined },
])("hears from the sidecar of $name", async ({ status, body, heard }) => {
  await using scratch = await scratchFolder();
  const { store } = await placeIn(scratch, await repository(scratch));
  const asked: (string | undefined)[] = [];
  const sidecar = createServer((request, response) => {
    asked.push(request.url, request.headers.authorization);
    response.writeHead(status).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(sidecar, "listening");
  const discovery = await discoveryOf(store, (sidecar.address() as AddressInfo).port);
  const running = { kind: "running", discovery } as Extract<Running, { kind: "running" }>;

  const found = await hooksHeard(running);

  sidecar.closeAllConnections();
  sidecar.close();
  expect(found).toEqual(heard);
  expect(asked).toEqual(["/control/status", `Bearer ${discovery.token}`]);
});
