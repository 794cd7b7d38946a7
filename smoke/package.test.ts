/**
 * What is published: the program as built, without its tests and sources, small, startable by each of its names, and
 * working where nothing else is.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import registryEntry from "../server.json" with { type: "json" };
import { startHost } from "./support/mcp-host.ts";
import { scratchFolder } from "./support/scratch.ts";

const run = promisify(execFile);
const node = (...args: string[]) => run(process.execPath, args);

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

async function pack(...args: string[]): Promise<Packed> {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", ...args], { maxBuffer: 16 * 1024 * 1024 });
  // A list up to npm 10, an object by package name from 11.
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed>);
  if (packed === undefined) throw new Error("npm pack named no package");
  return packed;
}

const GUARD = "dist/bin/signalbox-guard.sh";
const STARTED = [...Object.values(manifest.bin), GUARD];

it("holds what package.json points at, and no test, fixture, source, smoke or configuration", async () => {
  const { files, unpackedSize } = await pack("--dry-run");
  const paths = files.map(({ path }) => path);

  expect(paths).toEqual(
    expect.arrayContaining(["dist/src/index.js", "dist/src/index.d.ts", "dist/LICENSES.txt", "README.md", "LICENSE", ...STARTED]),
  );
  expect(paths.filter((path) => /\.(test|contract|fixture)\.|testing|^smoke|^dist\/(smoke|bench)|\.config|\.ci/.test(path))).toEqual([]);
  expect(paths.filter((path) => /(?<!\.d)\.[cm]?tsx?$|tsconfig|package-lock/.test(path))).toEqual([]);
  expect(unpackedSize).toBeLessThan(6_500_000);
});

it("makes executable what is started, and nothing else", async () => {
  const { files } = await pack("--dry-run");

  expect(files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path)).toEqual([...STARTED].sort());
});

it("says its version, with nothing on stderr", async () => {
  expect(await node(manifest.bin.signalbox, "--version")).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
});

describe("the entry for the MCP registry", () => {
  const [entry] = registryEntry.packages;

  it("has the name that package.json and the front page vouch for", async () => {
    const page = await readFile(new URL("../README.md", import.meta.url), "utf8");

    expect(registryEntry.name).toBe(manifest.mcpName);
    expect(page.match(/^<!-- mcp-name: (\S+) -->$/m)?.[1]).toBe(manifest.mcpName);
    expect(manifest.mcpName).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
  });

  it("names this package at this version, and a description that the registry takes", () => {
    expect(entry).toMatchObject({
      registryType: "npm",
      identifier: manifest.name,
      version: manifest.version,
      transport: { type: "stdio" },
    });
    expect([registryEntry.version, registryEntry.description]).toEqual([manifest.version, manifest.description]);
    expect(registryEntry.description.length).toBeLessThanOrEqual(100);
  });

  it("starts the bridge by the launcher that has the package's own name", async () => {
    const args = entry?.packageArguments.map(({ value }) => value) ?? [];

    expect(Object.keys(manifest.bin)).toContain(entry?.identifier);
    expect(args).toEqual(["mcp"]);
  });
});

describe("installed from its tarball into an empty folder", () => {
  let folder = "";
  const bin = (name: string) => join(folder, "node_modules/.bin", name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-package-"));
    const { filename } = await pack("--pack-destination", folder);
    await writeFile(join(folder, "package.json"), '{ "private": true }\n');
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
    await run("npm", ["install", "--prefix", folder, join(folder, filename), ...quiet], { cwd: folder });
    // The SQLite engine is compiled by its install script, which takes minutes; this checkout has it compiled.
    const compiled = join(dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json")), "build");
    await cp(compiled, join(folder, "node_modules/better-sqlite3/build"), { recursive: true });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("says its version and its tools", async () => {
    const { stdout } = await run(bin("signalbox"), ["tools", "--json"], { cwd: folder });

    expect(await run(bin("signalbox"), ["--version"])).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
    expect(stdout).toContain("begin_task");
  });

  it.each(["signalbox", "mpac-mcp"])("serves its tools as %s to a client, and joins a session", async (name) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const command = { command: bin(name), args: name === "signalbox" ? ["mcp"] : [] };
    await using host = await startHost({ name: "claude-code", cwd: repo, env: scratch.env, command });

    const { tools } = await host.client.listTools();
    const here = await host.call("who_is_working");

    expect(tools.map((tool) => tool.name)).toContain("submit_change");
    expect(here).toMatchObject({ isError: false, structured: { participant_count: 1 } });
  });

  it("is a library that can be imported", async () => {
    const script = `import * as it from "signalbox"; console.log(Object.keys(it).length > 0)`;

    expect((await run(process.execPath, ["--input-type=module", "-e", script], { cwd: folder })).stdout).toBe("true\n");
  });

  it("wires a repository whose path needs quoting, and its guard blocks", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("it's a «repo»");

    const { stdout } = await run(bin("signalbox"), ["init", "--yes"], { cwd: repo, env: scratch.env });
    const doctor = await run(bin("signalbox"), ["doctor"], { cwd: repo, env: scratch.env });

    expect(stdout).toMatch(/^proved: /m);
    expect(doctor.stdout).toMatch(/^ok +guard +blocks an edit/m);
    await run(bin("signalbox"), ["init", "--remove", "--yes"], { cwd: repo, env: scratch.env });
    expect((await readdir(repo)).sort()).toEqual([".git", "README.md", "src"]);
  });
});
