import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remoteFileSystem, remoteTypeOf } from "./network-disk.ts";
import { deriveIdentity } from "./identity.ts";
import type { PlainFolder } from "./repository.ts";
import { asOrdinaryUser, fullDisk, isRoot, type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { locateStore, NoStoreFolder } from "./store-folder.ts";
import { StoreIdentityBroken } from "./store-identity.ts";
import { stateFolder } from "./user-folders.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

const stateOf = (main: string) => join(scratch.folder, "home", "state", "signalbox", deriveIdentity(main).digest10);
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const onNfs = { remote: () => Promise.resolve("nfs") };

describe("the store of a repository", () => {
  it("stands in the common git directory, closed to others, and every worktree finds it", async () => {
    const root = await scratch.repository("shop");
    const linked = join(scratch.folder, "shop-linked");
    await scratch.git(root, "worktree", "add", "-q", "-b", "topic", linked);
    const { sessionId, port, digest10 } = deriveIdentity(root);

    const store = await locateStore(await scratch.find(root), scratch);

    const folder = join(root, ".git", "signalbox");
    expect(store).toMatchObject({ folder, logPath: join(folder, "log.db"), place: "git", writable: true, digest10 });
    expect(store.identity).toMatchObject({ format: 1, session_id: sessionId, port, workspace: root });
    expect(JSON.parse(await readFile(join(folder, "store.json"), "utf8"))).toEqual(store.identity);
    expect([await modeOf(folder), await modeOf(join(folder, "store.json"))]).toEqual([0o700, 0o600]);
    expect(await readdir(folder)).toEqual(["store.json"]);
    expect(await locateStore(await scratch.find(linked), scratch)).toEqual(store);
    expect(await scratch.git(root, "status", "--porcelain")).toBe("");
  });

  it("has one identity when twenty make it at once", async () => {
    const found = await scratch.find(await scratch.repository("twenty"));

    const stores = await Promise.all(Array.from({ length: 20 }, () => locateStore(found, scratch)));

    expect(new Set(stores.map((store) => store.identity.store_id)).size).toBe(1);
    expect((await readdir(stores[0]?.folder ?? "")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("keeps its names when the repository moves", async () => {
    const root = await scratch.repository("before");
    const { identity } = await locateStore(await scratch.find(root), scratch);
    await rename(root, join(scratch.folder, "after"));

    expect((await locateStore(await scratch.find(join(scratch.folder, "after")), scratch)).identity).toEqual(identity);
  });

  it("keeps its names when a link is left where the repository was", async () => {
    const root = await scratch.repository("old place");
    const store = await locateStore(await scratch.find(root), scratch);
    const moved = join(scratch.folder, "new place");
    await rename(root, moved);
    await symlink(moved, root);

    expect(await locateStore(await scratch.find(root), scratch)).toMatchObject({ place: "git", identity: store.identity });
  });

  it("is not that of the repository it was copied from", async () => {
    const root = await scratch.repository("original");
    const { identity } = await locateStore(await scratch.find(root), scratch);
    const copy = join(scratch.folder, "copy");
    await cp(root, copy, { recursive: true });

    const store = await locateStore(await scratch.find(copy), scratch);
    await rm(root, { recursive: true });

    expect(store).toMatchObject({ folder: stateOf(copy), place: "state", why: expect.stringContaining("was copied from") as string });
    expect(store.identity.store_id).not.toBe(identity.store_id);
    expect((await locateStore(await scratch.find(copy), scratch)).identity).toEqual(store.identity);
  });

  it.skipIf(!isRoot || process.platform !== "linux")("is named, with what to do, when its disk is full", async (context) => {
    const root = await scratch.repository("full");
    const found = await scratch.find(root);
    await using disk = await fullDisk(found.commonDir, []);
    context.skip(disk === undefined, "no file system can be mounted here");

    await expect(locateStore(found, scratch)).rejects.toMatchObject({
      code: "store/unavailable",
      message: `${join(root, ".git/signalbox/store.json")} cannot be written: the disk is full; make room and start again`,
    });
  });

  it("is named, and left alone, when its identity is broken", async () => {
    const broken = ["", "{", "[]", '{"format":1}', '{"format":2}'];
    for (const [index, text] of broken.entries()) {
      const root = await scratch.repository(`broken ${index}`);
      const path = join(root, ".git", "signalbox", "store.json");
      await mkdir(join(root, ".git", "signalbox"));
      await writeFile(path, text);

      const locating = locateStore(await scratch.find(root), scratch);

      await expect(locating).rejects.toThrow(StoreIdentityBroken);
      await expect(locating).rejects.toThrow(`${path} does not say which store this is (`);
      await expect(locating).rejects.toThrow("put back what it was, or remove it");
      expect(await readFile(path, "utf8")).toBe(text);
    }
  });
});

describe("the user's state directory", () => {
  it("keeps the store of a plain folder", async () => {
    const workspace: PlainFolder = { kind: "folder", root: join(scratch.folder, "plain") };

    const store = await locateStore(workspace, scratch);

    expect(store).toMatchObject({ folder: stateOf(workspace.root), place: "state", writable: true, why: "it is in no repository" });
    expect(store.identity).toMatchObject({ session_id: deriveIdentity(workspace.root).sessionId, workspace: workspace.root });
    expect(await modeOf(store.folder)).toBe(0o700);
    expect(await locateStore(workspace, scratch)).toMatchObject({ identity: store.identity });
  });

  it("keeps the store of a repository on a network disk", async () => {
    const root = await scratch.repository("far away");

    const store = await locateStore(await scratch.find(root), { ...scratch, ...onNfs });

    expect(store).toMatchObject({ folder: stateOf(root), why: `${join(root, ".git")} is on a network disk (nfs)` });
    expect(await readdir(join(root, ".git"))).not.toContain("signalbox");
  });

  it("is not made beside a store that stands in the git directory: whoever shares the folder shares the store", async () => {
    const found = await scratch.find(await scratch.repository("shared folder"));
    const first = await locateStore(found, scratch);

    expect(await locateStore(found, { ...scratch, ...onNfs })).toMatchObject({ place: "git", identity: first.identity });
  });

  it("is kept to once a store was made there", async () => {
    const found = await scratch.find(await scratch.repository("stays"));
    const first = await locateStore(found, { ...scratch, ...onNfs });

    expect((await locateStore(found, scratch)).folder).toBe(first.folder);
  });

  it("keeps the store of a repository whose git directory is read-only", async () => {
    const root = await scratch.repository("read-only");
    const found = await scratch.find(root);
    await chmod(join(root, ".git"), 0o555);
    const home = join(scratch.folder, "home of bo");
    await mkdir(home);

    const store = await asOrdinaryUser([home], () => locateStore(found, { env: { HOME: home } }));
    await chmod(join(root, ".git"), 0o755);

    const folder = join(home, ".local", "state", "signalbox", deriveIdentity(root).digest10);
    expect(store).toMatchObject({
      folder,
      place: "state",
      writable: true,
      why: expect.stringContaining("cannot be written (EACCES)") as string,
    });
  });

  it("is not used by a reader of a store that stands in the git directory and that it cannot write", async () => {
    const root = await scratch.repository("sandboxed");
    const found = await scratch.find(root);
    const { folder, identity } = await locateStore(found, scratch);
    await Promise.all([chmod(folder, 0o555), chmod(join(folder, "store.json"), 0o444)]);

    const store = await asOrdinaryUser([], () => locateStore(found, { env: { HOME: "/nonexistent" } }));
    await chmod(folder, 0o700);

    expect(store).toMatchObject({ folder, identity, writable: false });
  });

  it.runIf(isRoot)("is not made beside the store of another user, who would not know of it", async () => {
    const root = await scratch.repository("shared by two users");
    const found = await scratch.find(root);
    await locateStore(found, scratch);
    const home = join(scratch.folder, "home of cy");
    await mkdir(home);

    const locating = asOrdinaryUser([home], () => locateStore(found, { env: { HOME: home } }));

    await expect(locating).rejects.toMatchObject({ code: "store/other-user" });
    await expect(locating).rejects.toThrow(/belongs to user 0 .* give each user a clone/);
    expect(await readdir(home)).toEqual([]);
  });

  it("is a clear fault when it cannot be written either", async () => {
    const root = await scratch.repository("nowhere");
    await writeFile(join(root, ".git", "signalbox"), "a file stands in the way");
    const env = { HOME: join(root, ".git", "signalbox") };

    const locating = locateStore(await scratch.find(root), { env });

    await expect(locating).rejects.toThrow(NoStoreFolder);
    await expect(locating).rejects.toThrow(
      /there is no place for the log: .*\.git.signalbox cannot be written \(ENOTDIR\); .* cannot be written/,
    );
  });

  it.each([
    { platform: "linux", env: { HOME: "/home/ana" }, folder: "/home/ana/.local/state/signalbox" },
    { platform: "linux", env: { HOME: "/home/ana", XDG_STATE_HOME: "/state" }, folder: "/state/signalbox" },
    { platform: "linux", env: { HOME: "/home/ana", XDG_STATE_HOME: "relative" }, folder: "/home/ana/.local/state/signalbox" },
    {
      platform: "darwin",
      env: { HOME: "/Users/ana", XDG_STATE_HOME: "/state" },
      folder: "/Users/ana/Library/Application Support/signalbox",
    },
    { platform: "win32", env: { LOCALAPPDATA: "/c/Users/ana/AppData/Local" }, folder: "/c/Users/ana/AppData/Local/signalbox" },
    { platform: "win32", env: { USERPROFILE: "/c/Users/ana" }, folder: "/c/Users/ana/AppData/Local/signalbox" },
  ] as const)("is $folder on $platform", ({ platform, env, folder }) => {
    expect(stateFolder(env, platform)).toBe(folder);
  });
});

describe("a network disk", () => {
  it.each([
    [0x6969, "nfs"],
    [0xff534d42, "cifs"],
    [0xff534d42 | 0, "cifs"],
    [0x01021997, "9p"],
    [0x65735546, "fuse"],
    [0xef53, undefined],
    [0x794c7630, undefined],
    [0x01021994, undefined],
  ])("is told by its type: %i is %s", (type, name) => {
    expect(remoteTypeOf(type)).toBe(name);
  });

  it("is told by its path on Windows", async () => {
    const paths = [String.raw`\\server\share\shop`, String.raw`\\?\UNC\server\share`, String.raw`\\?\C:\shop`, String.raw`C:\shop`];

    expect(await Promise.all(paths.map((path) => remoteFileSystem(path, "win32")))).toEqual(["share", "share", undefined, undefined]);
  });

  it("is not what nobody can tell", async () => {
    expect(await remoteFileSystem(join(scratch.folder, "missing"), "linux")).toBeUndefined();
    expect(await remoteFileSystem(scratch.folder, "darwin")).toBeUndefined();
  });
});
