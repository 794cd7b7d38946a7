/** What is published: the program as built, without its tests, small, and startable by each of its names. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };

const run = promisify(execFile);
const node = (...args: string[]) => run(process.execPath, args);

interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

async function pack(): Promise<Packed> {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"]);
  // A list up to npm 10, an object by package name from 11.
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed>);
  if (packed === undefined) throw new Error("npm pack named no package");
  return packed;
}

it("holds what package.json points at, and no test, fixture, smoke or configuration", async () => {
  const { files, unpackedSize } = await pack();
  const paths = files.map(({ path }) => path);

  expect(paths).toEqual(
    expect.arrayContaining(["dist/src/index.js", "dist/src/index.d.ts", "README.md", "LICENSE", ...Object.values(manifest.bin)]),
  );
  expect(paths.filter((path) => /\.(test|contract|fixture)\.|testing|^smoke|^dist\/(smoke|bench)|\.config|\.ci/.test(path))).toEqual([]);
  expect(unpackedSize).toBeLessThan(5_000_000);
});

it("makes each launcher executable", async () => {
  const { files } = await pack();

  const modes = Object.values(manifest.bin).map((launcher) => files.find(({ path }) => path === launcher)?.mode);

  expect(modes).toEqual([0o755, 0o755, 0o755]);
});

it("says its version, with nothing on stderr", async () => {
  expect(await node(manifest.bin.signalbox, "--version")).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
});
