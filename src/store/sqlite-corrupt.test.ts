import { copyFile, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreCorrupt, StoreTooNew } from "./errors.ts";
import { chainOf, checkedChain } from "./hash-chain.contract.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { loadSqliteDriver } from "./sqlite-driver.ts";
import { openSqliteStore } from "./sqlite.ts";

const ana = "ana/session" as StreamId;
const PAGE_BYTES = 4_096;
const RECORDS = 60;

const newLog = scratchLogs();

/** A closed log with a chain of records in one stream. */
async function closedLog(): Promise<string> {
  const path = await newLog();
  const store = await openSqliteStore({ path });
  await store.append(ana, 0, chainOf(RECORDS, "word ".repeat(60)));
  await store.close();
  return path;
}

/** A log and its WAL as they stand while a process owns them: what a crash in that moment leaves. */
async function crashedLog(appends: number, from?: string): Promise<string> {
  const path = from ?? (await newLog());
  const store = await openSqliteStore({ path });
  const { length: head } = await collect(store.read(ana, 0));
  for (let next = head; next < head + appends; next += 1) await store.append(ana, next, recordsBehind(next, 1));
  const crashed = join(dirname(path), `crashed-${head + appends}.db`);
  await copyFile(path, crashed);
  await copyFile(`${path}-wal`, `${crashed}-wal`);
  await store.close();
  return crashed;
}

/** What a refusal must not touch. */
async function bytesOf(path: string): Promise<(Buffer | undefined)[]> {
  return Promise.all([path, `${path}-wal`].map((name) => readFile(name).catch(() => undefined)));
}

async function overwrite(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
}

async function withSql(path: string, sql: string): Promise<void> {
  const connection = (await loadSqliteDriver()).open(path, "write");
  connection.exec(sql);
  connection.close();
}

describe("opening a log", () => {
  it.each<{ name: string; damage: (path: string, bytes: number) => Promise<void>; says: RegExp }>([
    { name: "that was cut to nothing", damage: (path) => truncate(path, 0), says: /the file is empty/ },
    { name: "that was cut between pages", damage: (path, bytes) => truncate(path, bytes - 3 * PAGE_BYTES), says: /malformed/ },
    { name: "that was cut within a page", damage: (path, bytes) => truncate(path, bytes - 100), says: /ends within a page/ },
    { name: "with a zeroed header", damage: (path) => overwrite(path, 0, new Uint8Array(100)), says: /not a database/ },
    { name: "with a zeroed first page", damage: (path) => overwrite(path, 0, new Uint8Array(PAGE_BYTES)), says: /not a database/ },
    { name: "that is something else", damage: (path) => writeFile(path, "something else ".repeat(1_000)), says: /not a database/ },
    { name: "with a damaged table of tables", damage: (path) => overwrite(path, 100, new Uint8Array([7])), says: /malformed/ },
    {
      name: "with a damaged page",
      damage: (path) => overwrite(path, 5 * PAGE_BYTES, new Uint8Array(8).fill(255)),
      says: /malformed|page|Tree/,
    },
    {
      name: "of another program",
      damage: (path) => withSql(path, "PRAGMA application_id = 7"),
      says: /another program, with application id 7/,
    },
    { name: "of no release", damage: (path) => withSql(path, "PRAGMA user_version = 0"), says: /format 0, which no release has written/ },
    { name: "without its mark", damage: (path) => withSql(path, "DELETE FROM mark"), says: /mark is unreadable/ },
    { name: "without a table", damage: (path) => withSql(path, "DROP TABLE records"), says: /no such table: records/ },
  ])("$name is refused, and the file stays as it is", async ({ damage, says }) => {
    const path = await closedLog();
    await damage(path, (await stat(path)).size);
    const before = await bytesOf(path);

    const opening = openSqliteStore({ path });

    await expect(opening).rejects.toThrow(StoreCorrupt);
    await expect(opening).rejects.toThrow(says);
    await expect(opening).rejects.toThrow(path);
    expect(await bytesOf(path)).toEqual(before);
  });

  it("of a newer release is refused with both formats", async () => {
    const path = await closedLog();
    await withSql(path, "PRAGMA user_version = 9");

    const opening = openSqliteStore({ path });

    await expect(opening).rejects.toThrow(StoreTooNew);
    await expect(opening).rejects.toThrow("format 9 and this release reads up to 1");
  });

  it("that was refused leaves the file to others", async () => {
    const path = await closedLog();
    await withSql(path, "PRAGMA user_version = 9");
    await expect(openSqliteStore({ path })).rejects.toThrow(StoreTooNew);
    await withSql(path, "PRAGMA user_version = 1");

    await using store = await openSqliteStore({ path });

    expect((await checkedChain(store.read(ana, 0))).head).toBe(RECORDS);
  });
});

describe("a log and the WAL beside it", () => {
  it("that a crash left go on together", async () => {
    const path = await crashedLog(5);

    await using store = await openSqliteStore({ path });

    expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 5));
  });

  it.each<{ name: string; damage: (path: string) => Promise<void>; says: RegExp }>([
    { name: "the WAL is gone", damage: (path) => rm(`${path}-wal`), says: /write-ahead log is gone/ },
    { name: "the file is gone", damage: (path) => rm(path), says: /the file is missing/ },
    { name: "the file is empty", damage: (path) => truncate(path, 0), says: /the file is empty/ },
    {
      name: "the WAL is another log's",
      damage: async (path) => copyFile(`${await crashedLog(5)}-wal`, `${path}-wal`),
      says: /belongs to another log/,
    },
    {
      name: "the WAL has pages of another size",
      damage: (path) => overwrite(`${path}-wal`, 8, new Uint8Array([0, 0, 0x20, 0])),
      says: /belongs to another log/,
    },
    {
      name: "the log was closed and the WAL is another log's",
      damage: async (path) => {
        await (await openSqliteStore({ path })).close();
        await copyFile(`${await crashedLog(5)}-wal`, `${path}-wal`);
      },
      says: /belongs to another log/,
    },
    {
      name: "the file is a copy from before the last runs",
      damage: async (path) => {
        const copy = await readFile(path);
        for (let run = 0; run < 2; run += 1) await (await openSqliteStore({ path })).close();
        const later = await crashedLog(3, path);
        await copyFile(`${later}-wal`, `${path}-wal`);
        await writeFile(path, copy);
      },
      says: /another time of this one/,
    },
  ])("are refused when $name, and both stay as they are", async ({ damage, says }) => {
    const path = await crashedLog(5);
    await damage(path);
    const before = await bytesOf(path);

    const opening = openSqliteStore({ path });

    await expect(opening).rejects.toThrow(StoreCorrupt);
    await expect(opening).rejects.toThrow(says);
    expect(await bytesOf(path)).toEqual(before);
  });

  it("that another SQLite program has merged are a log like any other", async () => {
    const path = await crashedLog(5);
    await withSql(path, "SELECT count(*) FROM records; PRAGMA wal_checkpoint(TRUNCATE);");
    await rm(`${path}-wal`, { force: true });

    await using store = await openSqliteStore({ path });

    expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 5));
  });
});

describe("reading a log", () => {
  it.each([
    {
      name: "a record in the middle is gone",
      sql: "DELETE FROM records WHERE revision = 30",
      says: "revision 30 of stream ana/session is missing",
    },
    {
      name: "the last record is gone",
      sql: "DELETE FROM records WHERE revision = 60",
      says: "ends at revision 59, and 60 have been written",
    },
    { name: "all records are gone", sql: "DELETE FROM records", says: "ends at revision 0, and 60 have been written" },
    { name: "the head is gone", sql: "DELETE FROM streams", says: "ends at revision 60, and 0 have been written" },
  ])("finds out when $name", async ({ sql, says }) => {
    const path = await closedLog();
    await withSql(path, sql);
    await using store = await openSqliteStore({ path });

    const reading = collect(store.read(ana, 0));

    await expect(reading).rejects.toThrow(StoreCorrupt);
    await expect(reading).rejects.toThrow(says);
  });

  it("gives every record before one that is gone", async () => {
    const path = await closedLog();
    await withSql(path, "DELETE FROM records WHERE revision = 30");
    await using store = await openSqliteStore({ path });
    const revisions: number[] = [];

    const reading = (async () => {
      for await (const { revision } of store.read(ana, 0, 20)) revisions.push(revision);
    })();

    await expect(reading).rejects.toThrow("revision 30 of stream ana/session is missing");
    expect(revisions).toEqual(Array.from({ length: 29 }, (_, index) => index + 1));
  });

  it("with its chain checked finds a flipped byte of a text", async () => {
    const path = await closedLog();
    const bytes = await readFile(path);
    for (let at = bytes.indexOf("word word"); at !== -1; at = bytes.indexOf("word word", at + 1)) bytes[at + 5] = 0x57;
    await writeFile(path, bytes);
    await using store = await openSqliteStore({ path });

    await expect(checkedChain(store.read(ana, 0))).rejects.toThrow("does not follow");
  });

  it("never gives anything else than what was written, whichever byte has flipped", async () => {
    const whole = await readFile(await closedLog());
    const path = await newLog();
    await (await openSqliteStore({ path })).close();
    const pages = whole.length / PAGE_BYTES;
    const inAPageHeader = fc.tuple(fc.nat({ max: pages - 1 }), fc.nat({ max: 12 })).map(([page, at]) => page * PAGE_BYTES + at);
    const flips = { detected: 0, harmless: 0 };

    await fc.assert(
      fc.asyncProperty(fc.oneof(inAPageHeader, fc.nat({ max: whole.length - 1 })), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const flipped = Buffer.from(whole);
        flipped.writeUInt8(flipped.readUInt8(at) ^ mask, at);
        await rm(`${path}-wal`, { force: true });
        await writeFile(path, flipped);

        const outcome = await openAndCheck(path);
        flips[outcome === RECORDS ? "harmless" : "detected"] += 1;

        expect([RECORDS, "detected"]).toContain(outcome);
      }),
      { numRuns: 120 },
    );

    expect(flips.detected).toBeGreaterThan(20);
  });
});

/** The head of a whole chain, or that there is something wrong with it. */
async function openAndCheck(path: string): Promise<number | "detected"> {
  try {
    await using store = await openSqliteStore({ path });
    return (await checkedChain(store.read(ana, 0))).head;
  } catch {
    return "detected";
  }
}
