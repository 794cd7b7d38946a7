import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Discovery } from "../wire/discovery.ts";
import { bootId, bootIdFrom } from "./boot-id.ts";
import { newToken, publishDiscovery, readDiscovery } from "./discovery-file.ts";
import { fullDisk, isRoot, type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { writeStartError } from "./start-error.ts";
import { locateStore, type StoreFolder } from "./store-folder.ts";

let scratch: Scratch;
let store: StoreFolder;
let inStore: string;
let inRuntime: string;

beforeEach(async () => {
  scratch = await scratchFolder();
  store = await locateStore({ kind: "folder", root: scratch.folder }, scratch);
  inStore = join(store.folder, "sidecar.json");
  inRuntime = join(scratch.folder, "home", "runtime", "signalbox", `${store.digest10}.json`);
});
afterEach(() => scratch[Symbol.asyncDispose]());

const running = (changes: Partial<Discovery> = {}): Discovery => ({
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
  ...changes,
});

const publish = (discovery: Discovery) => publishDiscovery(store, discovery, scratch.env);
const read = () => readDiscovery(store, scratch.env);

/** Writes what a stranger might, as a private file of ours unless `mode` says otherwise. */
async function plant(path: string, text: string, mode = 0o600): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, text, { mode });
  await chmod(path, mode);
}

describe("a sidecar that runs", () => {
  it("is found by its file in the store's folder, and by its copy in the runtime directory", async () => {
    const discovery = running();
    await using published = await publish(discovery);

    expect(published).toMatchObject({ paths: [inStore, inRuntime], skipped: [] });
    expect(await read()).toEqual(discovery);
    await rm(inStore);
    expect(await read()).toEqual(discovery);
  });

  it("writes for its owner alone, whatever the umask, and leaves nothing else behind", async () => {
    const umask = process.umask(0);
    try {
      await using _published = await publish(running());

      for (const path of [inStore, inRuntime]) expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(join(inRuntime, ".."))).mode & 0o777).toBe(0o700);
      expect(await readdir(store.folder)).toEqual(["sidecar.json", "store.json"]);
      expect(await readdir(join(inRuntime, ".."))).toEqual([`${store.digest10}.json`]);
    } finally {
      process.umask(umask);
    }
  });

  it("names the file that cannot be written, and leaves nothing else behind", async () => {
    await mkdir(inStore);

    await expect(publish(running())).rejects.toMatchObject({
      code: "store/unavailable",
      errno: "EISDIR",
      message: `${inStore} cannot be written: a directory has its name; move it and start again`,
    });

    expect(await readdir(store.folder)).toEqual(["sidecar.json", "store.json"]);
  });

  it("does without the copy in the runtime directory when that cannot be written", async () => {
    await mkdir(inRuntime, { recursive: true, mode: 0o700 });

    await using published = await publish(running());

    expect(published.paths[1]).toContain(`signalbox-${process.geteuid?.() ?? ""}`);
    expect(published.skipped).toEqual([`${inRuntime} cannot be written: a directory has its name; move it and start again`]);
  });

  it.skipIf(!isRoot || process.platform !== "linux")("says on a full disk which file there is no room for", async (context) => {
    await using disk = await fullDisk(store.folder, ["store.json"]);
    context.skip(disk === undefined, "no file system can be mounted here");

    await expect(publish(running())).rejects.toThrow(`${inStore} cannot be written: the disk is full; make room and start again`);
    const error = { code: "store/corrupt", sentence: "x".repeat(4_000), at: "2026-11-21T09:00:00.000Z", pid: 1 };
    await expect(writeStartError(store.folder, error)).rejects.toThrow("start-error.json cannot be written: the disk is full");

    expect(await readdir(store.folder)).toEqual(["filler", "store.json"]);
  });

  it("takes its files away, once", async () => {
    const published = await publish(running());

    await published[Symbol.asyncDispose]();
    await published[Symbol.asyncDispose]();

    expect(await read()).toBeUndefined();
    expect(await readdir(store.folder)).toEqual(["store.json"]);
  });

  it("leaves the files of its successor, also one with the same pid", async () => {
    const [old, successor] = [running(), running()];
    const published = await publish(old);
    await publish(successor);

    await published[Symbol.asyncDispose]();

    expect(await read()).toEqual(successor);
  });

  it("is found by a host that has no runtime directory, and by one that has", async () => {
    const { XDG_RUNTIME_DIR: _, ...bare } = scratch.env;
    const discovery = running();
    const published = await publishDiscovery(store, discovery, bare);
    await rm(inStore);

    expect(published.paths[1]).toBe(join(scratch.folder, "home", `signalbox-${process.geteuid?.()}`, `${store.digest10}.json`));
    expect(await readDiscovery(store, bare)).toEqual(discovery);
    expect(await read()).toEqual(discovery);
  });

  it("has a token of 32 bytes, another each time", () => {
    const tokens = Array.from({ length: 100 }, newToken);

    expect(new Set(tokens).size).toBe(100);
    expect(tokens.map((token) => Buffer.from(token, "base64url").length)).toEqual(tokens.map(() => 32));
  });
});

describe("a discovery file that cannot be believed is none", () => {
  it.each([
    ["is not JSON", () => "{"],
    ["is empty", () => ""],
    ["is a list", () => "[]"],
    ["has no token", () => JSON.stringify({ ...running(), token: undefined })],
    ["has a short token", () => JSON.stringify(running({ token: "secret" }))],
    ["has a port that is none", () => JSON.stringify(running({ port: 65_536 }))],
    ["is of another store", () => JSON.stringify(running({ store_id: "5f0c3b54-8a37-4b4e-9d4b-0f8f3a4d2c11" }))],
    ["is too large", () => JSON.stringify({ ...running(), padding: "x".repeat(70_000) })],
  ])("when it %s", async (_what, text) => {
    await plant(inStore, text());

    expect(await read()).toBeUndefined();
  });

  it("and the copy is read instead", async () => {
    const discovery = running();
    await using _published = await publish(discovery);
    await plant(inStore, "{");

    expect(await read()).toEqual(discovery);
  });

  it("but members of a later release do no harm", async () => {
    const discovery = running();
    await plant(inStore, JSON.stringify({ ...discovery, later: true }));

    expect(await read()).toEqual(discovery);
  });

  it("when others may read or write it", async () => {
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644]) {
      await plant(inStore, JSON.stringify(running()), mode);

      expect(await read()).toBeUndefined();
    }
  });

  it("when it is a symbolic link, a folder or a pipe", async () => {
    const elsewhere = join(scratch.folder, "elsewhere.json");
    await plant(elsewhere, JSON.stringify(running()));
    await symlink(elsewhere, inStore);
    expect(await read()).toBeUndefined();

    await rm(inStore);
    await mkdir(inStore);
    expect(await read()).toBeUndefined();

    await rm(inStore, { recursive: true });
    await promisify(execFile)("mkfifo", ["-m", "600", inStore]);
    expect(await read()).toBeUndefined();
  });

  it.runIf(isRoot)("when it belongs to somebody else", async () => {
    await plant(inStore, JSON.stringify(running()));
    await chown(inStore, 1234, 1234);

    expect(await read()).toBeUndefined();
  });

  it("when its runtime folder is open to others", async () => {
    await using _published = await publish(running());
    await rm(inStore);
    await chmod(join(inRuntime, ".."), 0o777);

    expect(await read()).toBeUndefined();
  });
});

describe("a runtime folder", () => {
  const folder = () => join(scratch.folder, "home", "runtime", "signalbox");

  it("that is a link is refused, and the next one is used", async () => {
    await mkdir(join(scratch.folder, "trap"), { mode: 0o700 });
    await symlink(join(scratch.folder, "trap"), folder());

    await using published = await publish(running());

    expect(published.skipped).toEqual([`${folder()} is a symbolic link`]);
    expect(published.paths[1]).toContain(join(scratch.folder, "home", "signalbox-"));
    expect(await readdir(join(scratch.folder, "trap"))).toEqual([]);
  });

  it.runIf(isRoot)("that belongs to somebody else is refused", async () => {
    await mkdir(folder(), { mode: 0o700 });
    await chown(folder(), 1234, 1234);

    await using published = await publish(running());

    expect(published.skipped).toEqual([`${folder()} belongs to user 1234`]);
    expect(await readdir(folder())).toEqual([]);
  });

  it.runIf(isRoot)("is not made in a runtime directory of another user", async () => {
    const xdg = join(scratch.folder, "home", "runtime");
    await chown(xdg, 1234, 1234);

    await using _published = await publish(running());

    expect(await readdir(xdg)).toEqual([]);
    await rm(inStore);
    expect(await read()).toBeDefined();
  });

  it("of our own that is open to others is closed", async () => {
    await mkdir(folder());
    await chmod(folder(), 0o777);

    await using published = await publish(running());

    expect(published.skipped).toEqual([]);
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
  });
});

describe("the start of the machine", () => {
  it("has one name, however often it is asked for", async () => {
    expect(await bootId()).toBe(await bootId());
  });

  it.runIf(process.platform === "linux")("is named by the kernel", async () => {
    expect(await bootId()).toBe((await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim());
  });

  it("is told from its time where the system has no name for it", () => {
    const at = Date.UTC(2026, 10, 21, 9, 0, 0);

    expect(bootIdFrom(at, 3_600)).toBe(bootIdFrom(at + 86_400_500, 90_000));
    expect(bootIdFrom(at, 3_600)).not.toBe(bootIdFrom(at, 60));
  });
});
