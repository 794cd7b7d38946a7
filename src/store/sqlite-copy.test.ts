import { copyFile, mkdir, readdir, readFile, stat, truncate, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreCorrupt, StoreHeld, StoreUnavailable } from "./errors.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { openLogCopy } from "./sqlite-copy.ts";
import { openSqliteStore } from "./sqlite.ts";

const ana = "ana/session" as StreamId;
const newLog = scratchLogs();

async function closedLog(): Promise<string> {
  const path = await newLog();
  await using store = await openSqliteStore({ path });
  await store.append(ana, 0, recordsBehind(0, 3));
  await store.putBlob(Buffer.from("content"));
  return path;
}

/** What a process that was killed leaves: a file and a WAL with the newest records. */
async function crashedLog(): Promise<string> {
  const path = await newLog();
  const crashed = join(dirname(path), "crashed", "log.db");
  await mkdir(dirname(crashed), { recursive: true });
  await using store = await openSqliteStore({ path });
  await store.append(ana, 0, recordsBehind(0, 3));
  for (const part of ["", "-wal"]) await copyFile(path + part, crashed + part);
  return crashed;
}

/** Everything beside the log, with bytes and the time of the last change. */
async function looksOf(path: string) {
  const names = (await readdir(dirname(path))).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(dirname(path), name);
      return { name, writtenMs: (await stat(file)).mtimeMs, bytes: await readFile(file) };
    }),
  );
}

async function folderForCopies(path: string): Promise<string> {
  const folder = `${dirname(path)}-copies`;
  await mkdir(folder);
  return folder;
}

describe("a copy of a log", () => {
  it.each([
    { name: "that was closed", make: closedLog },
    { name: "whose process was killed", make: crashedLog },
  ])("$name is read whole, and the log is as it was", async ({ make }) => {
    const path = await make();
    const copies = await folderForCopies(path);
    const before = await looksOf(path);

    const copy = await openLogCopy(path, { inFolder: copies });
    const records = await collect(copy.read(ana, 0));
    const streams = await copy.streams();
    await copy[Symbol.asyncDispose]();

    expect(records).toEqual(recordsBehind(0, 3));
    expect(streams).toEqual([{ stream: ana, head: 3 }]);
    expect(await looksOf(path)).toEqual(before);
    expect(await readdir(copies)).toEqual([]);
  });

  it("keeps nobody from opening the log", async () => {
    const path = await closedLog();
    await using copy = await openLogCopy(path);

    await using store = await openSqliteStore({ path });
    await store.append(ana, 3, recordsBehind(3, 1));

    expect(await collect(copy.read(ana, 0))).toEqual(recordsBehind(0, 3));
  });

  it("is not made of one that somebody owns", async () => {
    const path = await closedLog();
    await using _owner = await openSqliteStore({ path });

    await expect(openLogCopy(path)).rejects.toThrow(StoreHeld);
  });

  it("is not made of one that somebody else had open meanwhile, and wrote into", async () => {
    const path = await closedLog();
    const copies = await folderForCopies(path);
    const copyAndWrite = async (from: string, to: string): Promise<void> => {
      await copyFile(from, to);
      await utimes(path, new Date(), new Date(0));
    };

    await expect(openLogCopy(path, { inFolder: copies, copyFile: copyAndWrite })).rejects.toThrow(StoreHeld);
    expect(await readdir(copies)).toEqual([]);
  });

  it("is not made of nothing", async () => {
    await expect(openLogCopy(await closedLog().then((path) => `${path}-other`))).rejects.toThrow(StoreUnavailable);
  });

  it("of a damaged one is refused in the name of the original, and nothing of it stays", async () => {
    const path = await closedLog();
    await truncate(path, 5_000);
    const copies = await folderForCopies(path);

    const opening = openLogCopy(path, { inFolder: copies });

    await expect(opening).rejects.toThrow(StoreCorrupt);
    await expect(opening).rejects.toThrow(`the log ${path} is corrupt`);
    expect(await readdir(copies)).toEqual([]);
  });
});
