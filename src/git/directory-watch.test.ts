import { EventEmitter } from "node:events";
import { watch as watchPath } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DirectoryChange, type DirectoryWatchOptions, type NoWatchesLeft, watchDirectories } from "./directory-watch.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { eventually, write } from "./worktree.test.fixture.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** A folder with `a`, `a/inner` and `b` in it, and a watch that keeps what it is told. */
async function folder(name: string, options: Partial<DirectoryWatchOptions> = {}) {
  const root = join(scratch.folder, name);
  await mkdir(join(root, "a", "inner"), { recursive: true });
  await mkdir(join(root, "b"));
  const told: DirectoryChange[] = [];
  const lost: NoWatchesLeft[] = [];
  const watch = watchDirectories(root, { onChange: (change) => told.push(change), onLost: (error) => lost.push(error), ...options });
  const hears = (matches: (change: DirectoryChange) => boolean) => eventually(() => told.find(matches));
  return { root, watch, told, lost, hears };
}

/** Watches of this process, as Linux lists them. */
async function systemWatches(): Promise<number> {
  const texts = (await readdir("/proc/self/fdinfo").catch(() => [])).map((fd) =>
    readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => ""),
  );
  return (await Promise.all(texts)).join("").split("inotify wd").length - 1;
}

describe("what is told of a watched directory", () => {
  it("is each file that is written, made, renamed or removed in it", async () => {
    const { root, watch, told, hears } = await folder("told");
    await write(root, "a/old");
    watch.add("a");

    await writeFile(join(root, "a/old"), "two\n");
    await hears(({ path, isName }) => path === "a/old" && !isName);
    await write(root, "a/new");
    await hears(({ path, isName }) => path === "a/new" && isName);
    await rename(join(root, "a/new"), join(root, "a/moved"));
    await hears(({ path, isName }) => path === "a/moved" && isName);
    await unlink(join(root, "a/old"));
    await hears(({ path, isName }) => path === "a/old" && isName);

    watch[Symbol.dispose]();
    expect(new Set(told.map(({ directory, isItself }) => `${directory} ${isItself}`))).toEqual(new Set(["a false"]));
  });

  it("is nothing of what happens below it or beside it", async () => {
    const { root, watch, told, hears } = await folder("beside");
    watch.add("a");
    watch.add("b");
    watch.drop(new Set(["b"]));

    await write(root, "a/inner/deep");
    await write(root, "b/beside");
    await write(root, "at the root");
    await write(root, "a/last");
    await hears(({ path }) => path === "a/last");

    watch[Symbol.dispose]();
    expect(new Set(told.map(({ path }) => path))).toEqual(new Set(["a/last"]));
  });

  it("is its own end, when it is removed or renamed", async () => {
    const { root, watch, hears } = await folder("ends");
    for (const directory of ["", "a", "b"]) watch.add(directory);

    await rm(join(root, "a"), { recursive: true });
    const removed = await hears(({ directory, isItself }) => directory === "a" && isItself);
    await rename(root, `${root} away`);
    const renamed = await hears(({ directory, isItself }) => directory === "" && isItself);

    watch[Symbol.dispose]();
    expect([removed.isName, renamed.isName]).toEqual([true, true]);
  });
});

describe("the directories that are watched", () => {
  it("are those that exist, once each", async () => {
    const opened: string[] = [];
    const counting = ((path: string, options: object) => {
      opened.push(path);
      return watchPath(path, options);
    }) as typeof watchPath;
    const { root, watch } = await folder("once", { watch: counting });

    expect([watch.add("a"), watch.add("a"), watch.add("none")]).toEqual([true, true, false]);
    expect([watch.size, watch.has("a"), watch.has("none")]).toEqual([1, true, false]);
    expect(opened).toEqual([join(root, "a"), join(root, "none")]);
    watch[Symbol.dispose]();
  });

  it.skipIf(process.platform !== "linux")(
    "are given back to the system when they are dropped with all below, and when the watch is disposed of",
    async () => {
      const before = await systemWatches();
      const { watch } = await folder("given back");
      for (const directory of ["", "a", "a/inner", "b"]) watch.add(directory);
      const all = await systemWatches();
      watch.drop(new Set(["a"]));
      const dropped = [watch.size, await systemWatches()];
      watch[Symbol.dispose]();
      watch[Symbol.dispose]();

      expect([watch.size, await systemWatches()]).toEqual([0, before]);
      expect([all, dropped]).toEqual([before + 4, [2, before + 2]]);
    },
  );

  it("are no more than the limit", async () => {
    const { watch } = await folder("limit", { max: 2 });
    watch.add("");
    watch.add("a");

    expect(() => watch.add("b")).toThrow("no more than 2 directories can be watched (limit)");
    watch[Symbol.dispose]();
  });

  it.each(["ENOSPC", "EMFILE"])("are no more once the system answers %s", async (code) => {
    const refuse = (() => {
      throw Object.assign(new Error("none left"), { code });
    }) as unknown as typeof watchPath;
    const { watch } = await folder(`refused with ${code}`, { watch: refuse });

    expect(() => watch.add("a")).toThrow(`no more than 0 directories can be watched (${code})`);
  });

  it("are told to be lost by an error that comes later, unless it is about one of them", async () => {
    const handles: EventEmitter[] = [];
    const quiet = (() => {
      handles.push(Object.assign(new EventEmitter(), { close: () => undefined }));
      return handles.at(-1);
    }) as unknown as typeof watchPath;
    const { watch, told, lost } = await folder("later", { watch: quiet });
    watch.add("a");
    watch.add("b");

    handles[0]?.emit("error", Object.assign(new Error("removed"), { code: "EPERM" }));
    handles[1]?.emit("error", Object.assign(new Error("none left"), { code: "EMFILE" }));

    expect(told).toEqual([{ directory: "a", path: "a", isName: true, isItself: true }]);
    expect(lost.map(({ reason }) => reason)).toEqual(["EMFILE"]);
  });
});

describe("where a system watches a whole tree", () => {
  it("one watch on the root tells what happens in those directories that were asked for", async () => {
    const opened: unknown[] = [];
    const counting = ((path: string, options: object, listener: () => void) => {
      opened.push([path, options]);
      return watchPath(path, options, listener);
    }) as typeof watchPath;
    const { root, watch, told, hears } = await folder("tree", { platform: "darwin", watch: counting });
    watch.add("a");
    watch.add("a/inner");

    await write(root, "b/beside");
    await write(root, "at the root");
    await write(root, "a/inner/file");
    await hears(({ path, directory }) => path === "a/inner/file" && directory === "a/inner");
    watch.drop(new Set(["a/inner"]));
    await write(root, "a/inner/later");
    await write(root, "a/last");
    await hears(({ path }) => path === "a/last");

    watch[Symbol.dispose]();
    expect(opened).toEqual([[root, { persistent: false, recursive: true }]]);
    expect(new Set(told.map(({ path }) => path))).toEqual(new Set(["a/inner/file", "a/last"]));
  });
});
