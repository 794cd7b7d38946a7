import { rmSync } from "node:fs";
import { copyFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreGone, StoreUnavailable } from "./errors.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { openSqliteStore } from "./sqlite.ts";

const ana = "ana/session" as StreamId;
const newLog = scratchLogs();

/** A log with two records that is open while something happens to its files. */
async function openLog() {
  const path = await newLog();
  const store = await openSqliteStore({ path });
  await store.append(ana, 0, recordsBehind(0, 2));
  return { path, store };
}

describe("a log whose files are taken away under its owner", () => {
  it.each([
    { name: "the folder is removed", strike: (path: string) => rm(dirname(path), { recursive: true, maxRetries: 5 }) },
    { name: "the file is moved", strike: (path: string) => rename(path, `${path}.aside`) },
    { name: "the write-ahead log is removed", strike: (path: string) => rm(`${path}-wal`) },
    {
      name: "a file takes the place of the folder",
      strike: async (path: string) => {
        await rename(dirname(path), `${dirname(path)}.aside`);
        await writeFile(dirname(path), "");
      },
    },
    {
      name: "another file takes its place",
      strike: async (path: string) => {
        await copyFile(path, `${path}.other`);
        await rename(`${path}.other`, path);
      },
    },
  ])("takes nothing more, so that nothing is acknowledged into a file without a name: $name", async ({ strike }) => {
    const { path, store } = await openLog();
    expect(store.inPlace()).toBe(true);

    await strike(path);

    expect(store.inPlace()).toBe(false);
    await expect(store.append(ana, 2, recordsBehind(2, 1))).rejects.toThrow(StoreGone);
    await expect(store.probe()).rejects.toThrow(StoreGone);
    await store.close();
  });

  it("is looked for by a checkpoint in vain, which nobody has to hear of", async () => {
    const path = await newLog();
    const store = await openSqliteStore({ path, walBytes: 1 });
    await store.append(ana, 0, recordsBehind(0, 2));

    rmSync(`${path}-wal`);
    await nextTurn(); // the checkpoint is due by then
    await nextTurn();

    await expect(store.append(ana, 2, recordsBehind(2, 1))).rejects.toThrow(StoreGone);
    await store.close();
  });

  it("makes room for a new one at the same path", async () => {
    const { path, store } = await openLog();
    await rm(dirname(path), { recursive: true, maxRetries: 5 });
    await store.close();

    await using next = await openSqliteStore({ path });

    expect(await next.append(ana, 0, recordsBehind(0, 1))).toBe(1);
  });
});

it("a log that nobody can look for takes nothing as long, and is whole behind that", async () => {
  const path = await newLog();
  const folder = dirname(path);
  const hide = async () => {
    await rename(folder, `${folder}.aside`);
    await symlink(folder, folder);
  };
  const show = async () => {
    await rm(folder);
    await rename(`${folder}.aside`, folder);
  };
  const store = await openSqliteStore({ path });
  await store.append(ana, 0, recordsBehind(0, 2));

  await hide();
  expect(() => store.inPlace()).toThrow(StoreUnavailable);
  const refused = await store.append(ana, 2, recordsBehind(2, 1)).catch((fault: unknown) => fault);
  await show();
  expect(refused).toMatchObject({ name: "StoreUnavailable", message: expect.stringContaining("ELOOP") as string });
  expect(await store.append(ana, 2, recordsBehind(2, 1))).toBe(3);

  await hide();
  await store.close();
  await show();
  await using again = await openSqliteStore({ path });
  expect(await collect(again.read(ana, 0))).toEqual(recordsBehind(0, 3));
});
