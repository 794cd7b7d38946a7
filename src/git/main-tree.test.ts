import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newToken, publishDiscovery } from "./discovery-file.ts";
import { refOf } from "./file-state.ts";
import { type MainTree, mainTree } from "./main-tree.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { locateStore, type StoreFolder } from "./store-folder.ts";

const MIB = 1024 * 1024;
let scratch: Scratch;
let store: StoreFolder;
let tree: MainTree;

beforeEach(async () => {
  scratch = await scratchFolder();
  const workspace = { kind: "folder", root: scratch.folder } as const;
  store = await locateStore(workspace, scratch);
  tree = mainTree(workspace, store, scratch.env);
  await writeFile(join(scratch.folder, "a.ts"), "text");
});
afterEach(() => scratch[Symbol.asyncDispose]());

const shown = (path: string) => relative(scratch.folder, path);
const listed = async () => (await tree.list()).files.map(({ path }) => path);
const isOwn = { refused: expect.stringContaining("belongs to the coordinator itself") as string };

/** Both files of a running sidecar; the copy is in a folder that was made after the tree was. */
async function tokenFiles(): Promise<readonly string[]> {
  const published = await publishDiscovery(
    store,
    {
      store_id: store.identity.store_id,
      host: "127.0.0.1",
      port: store.identity.port,
      pid: process.pid,
      boot_id: "boot-1",
      version: "0.1.0",
      control: 1,
      token: newToken(),
      started_at: "2026-11-21T09:00:00.000Z",
      workspace: scratch.folder,
    },
    scratch.env,
  );
  expect(published.paths).toHaveLength(2);
  return published.paths.map(shown);
}

describe("what is this program's own", () => {
  it("is no file of a folder that holds it", async () => {
    const paths = await tokenFiles();

    for (const path of paths) {
      expect(await tree.read(path)).toEqual(isOwn);
      expect(await tree.reference(path)).toBeNull();
    }
    expect(await tree.read(join(paths[0] ?? "", "../new.json"))).toEqual(isOwn);
    expect(await listed()).toEqual(["a.ts", "home/gitconfig"]);
    expect(await tree.reference("a.ts")).toBe(refOf(Buffer.from("text")));
  });

  it("is none under the name of a link either", async () => {
    const [path = ""] = await tokenFiles();
    await symlink(store.folder, join(scratch.folder, "link"));
    await symlink(join(scratch.folder, path), join(scratch.folder, "token"));

    expect(await tree.read("link/sidecar.json")).toEqual(isOwn);
    expect(await tree.read("token")).toEqual(isOwn);
  });

  it("covers the stores of other workspaces", async () => {
    const other = await locateStore({ kind: "folder", root: join(scratch.folder, "other") }, scratch);

    expect(await tree.read(shown(join(other.folder, "store.json")))).toEqual(isOwn);
  });

  it("is left out where git would list it", async () => {
    const root = await scratch.repository("repo");
    const env = { ...scratch.env, XDG_STATE_HOME: join(root, "state") };
    await mkdir(join(root, "state/signalbox"), { recursive: true });
    await writeFile(join(root, "state/signalbox/x"), "x");
    await writeFile(join(root, "b.ts"), "x");

    const { files } = await mainTree(await scratch.find(root), store, env).list();

    expect(files.map(({ path }) => path)).toEqual(["b.ts"]);
  });
});

it("has no reference for a file over 64 MiB, and does not list it", async () => {
  for (const [name, bytes] of [
    ["largest", 64 * MIB],
    ["larger", 64 * MIB + 1],
  ] as const) {
    await writeFile(join(scratch.folder, name), "");
    await truncate(join(scratch.folder, name), bytes);
  }

  expect(await tree.reference("larger")).toBeNull();
  expect(await tree.reference("largest")).toMatch(/^sha256:/);
  expect(await listed()).toEqual(["a.ts", "home/gitconfig", "largest"]);
});

it("has no files where the repository is bare", async () => {
  const bare = join(scratch.folder, "bare");
  await scratch.git(scratch.folder, "init", "-q", "--bare", bare);
  const none = mainTree(await scratch.find(bare), store, scratch.env);

  expect(await none.list()).toEqual({ files: [], truncated: false });
  expect(await none.reference("HEAD")).toBeNull();
});

it("shows nothing where the main worktree's place is git's own directory, as in a submodule", async () => {
  const gitDir = scratch.folder;
  const submodule = { kind: "repository", root: join(gitDir, "w"), gitDir, commonDir: gitDir, main: gitDir, bare: false } as const;
  const none = mainTree(submodule, store, scratch.env);

  expect(await none.read("a.ts")).toEqual({ refused: "File not found" });
  expect(await none.list()).toEqual({ files: [], truncated: false });
  expect(await none.reference("a.ts")).toBeNull();
});
