import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreCorrupt, StoreHeld, StoreUnavailable } from "./errors.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { setAside } from "./set-aside.ts";
import { isHeld } from "./sqlite-held.ts";
import { loadSqliteDriver } from "./sqlite-driver.ts";
import { openSqliteStore } from "./sqlite.ts";

const ana = "ana/session" as StreamId;
const nowMs = Date.UTC(2026, 10, 21, 10, 1, 14, 500);

const newLog = scratchLogs();

async function closedLog(): Promise<string> {
  const path = await newLog();
  const store = await openSqliteStore({ path });
  await store.append(ana, 0, recordsBehind(0, 3));
  await store.close();
  return path;
}

describe("setting a log aside", () => {
  it("renames it with the time, and makes room for a new one", async () => {
    const path = await closedLog();
    await truncate(path, 5_000);
    const damaged = await readFile(path);
    await expect(openSqliteStore({ path })).rejects.toThrow(StoreCorrupt);

    const aside = await setAside(path, nowMs);

    expect(aside).toBe(`${path}.corrupt-20261121T100114Z`);
    expect(await readFile(aside)).toEqual(damaged);
    await using fresh = await openSqliteStore({ path });
    expect(await collect(fresh.read(ana, 0))).toEqual([]);
  });

  it("takes the WAL along, and a WAL that is left alone too", async () => {
    const path = await newLog();
    await (await openSqliteStore({ path: await closedLogIn(path) })).close();
    await writeFile(`${path}-wal`, "a WAL");

    const aside = await setAside(path, nowMs);
    await writeFile(`${path}-wal`, "another WAL");
    const second = await setAside(path, nowMs);

    expect(second).toBe(`${aside}-2`);
    expect((await readdir(dirname(path))).toSorted()).toEqual(["", "-2-wal", "-wal"].map((end) => basename(aside) + end).toSorted());
  });

  it("overwrites nothing when it happens twice in a second", async () => {
    const path = await closedLog();
    const first = await setAside(path, nowMs);
    await (await openSqliteStore({ path })).close();

    const second = await setAside(path, nowMs);

    expect(second).toBe(`${first}-2`);
    await using kept = await openSqliteStore({ path: first });
    expect(await collect(kept.read(ana, 0))).toEqual(recordsBehind(0, 3));
  });

  it("is refused while somebody owns the log, corrupt or not", async () => {
    const path = await closedLog();
    const owner = await openSqliteStore({ path });

    await expect(setAside(path, nowMs)).rejects.toThrow(StoreHeld);
    expect(isHeld(path, await loadSqliteDriver())).toBe(true);
    await writeFile(path, "garbage", { flag: "r+" });
    expect(isHeld(path, await loadSqliteDriver())).toBe(true);

    await owner.close().catch(() => undefined);
    expect(isHeld(path, await loadSqliteDriver())).toBe(false);
  });

  it("of nothing says so", async () => {
    await expect(setAside(await newLog(), nowMs)).rejects.toThrow(StoreUnavailable);
  });
});

async function closedLogIn(path: string): Promise<string> {
  await (await openSqliteStore({ path })).close();
  return path;
}
