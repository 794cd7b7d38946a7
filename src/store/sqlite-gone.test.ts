import { copyFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreGone } from "./errors.ts";
import { recordsBehind } from "./records.contract.ts";
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

  it("makes room for a new one at the same path", async () => {
    const { path, store } = await openLog();
    await rm(dirname(path), { recursive: true, maxRetries: 5 });
    await store.close();

    await using next = await openSqliteStore({ path });

    expect(await next.append(ana, 0, recordsBehind(0, 1))).toBe(1);
  });
});
