import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { StoreHeld, StoreUnavailable } from "./errors.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { type DriverCandidate, loadSqliteDriver, SQLITE_DRIVERS, type SqliteDriver } from "./sqlite-driver.ts";
import { openSqliteStore } from "./sqlite.ts";
import { storeContract } from "./store.contract.ts";

const ana = "ana/session" as StreamId;
const bo = "bo/session" as StreamId;

const newLog = scratchLogs();

async function driverOrReason(candidate: DriverCandidate): Promise<SqliteDriver | string> {
  return candidate.load().catch((reason: unknown) => String(reason));
}

for (const candidate of SQLITE_DRIVERS) {
  const driver = await driverOrReason(candidate);
  if (typeof driver === "string") {
    process.stderr.write(`the store contract does not run on ${candidate.name} here: ${driver}\n`);
    continue;
  }
  describe(`SQLite store on ${candidate.name}`, () => {
    storeContract(
      async () => openSqliteStore({ path: await newLog(), driver }),
      async (hash, bytes) => {
        const path = await newLog();
        await (await openSqliteStore({ path, driver })).close();
        const connection = driver.open(path, "write");
        connection.prepare("INSERT INTO blobs (hash, bytes) VALUES (?, ?)").run(hash, bytes);
        connection.close();
        return openSqliteStore({ path, driver });
      },
    );
  });
}

describe("the file of a SQLite store", () => {
  it("keeps streams, snapshots and blobs from one opening to the next", async () => {
    const path = await newLog();
    const snapshot = { at: 2, rules: 1, hash: "ab".repeat(32) as never, state: "{}" };
    const first = await openSqliteStore({ path });
    await first.append(ana, 0, recordsBehind(0, 2));
    await first.saveSnapshot(ana, snapshot);
    const hash = await first.putBlob(new Uint8Array([1, 2, 3]));
    await first.close();

    await using second = await openSqliteStore({ path });

    expect(await collect(second.read(ana, 0))).toEqual(recordsBehind(0, 2));
    expect(await second.append(ana, 2, recordsBehind(2, 1))).toBe(3);
    expect(await second.loadSnapshot(ana)).toEqual(snapshot);
    expect(await second.getBlob(hash)).toEqual(new Uint8Array([1, 2, 3]));
  });

  it("stands alone in its folder once it is closed", async () => {
    const path = await newLog();
    const store = await openSqliteStore({ path });
    await store.append(ana, 0, recordsBehind(0, 1));

    expect(await readdir(dirname(path))).toEqual(["log.db", "log.db-wal"]);
    await store.close();

    expect(await readdir(dirname(path))).toEqual(["log.db"]);
  });

  it.skipIf(process.platform === "win32")("is its owner's alone, and so is the folder made for it", async () => {
    const path = await newLog();
    await using store = await openSqliteStore({ path });
    await store.append(ana, 0, recordsBehind(0, 1));

    const modes = await Promise.all([dirname(path), path, `${path}-wal`].map(async (name) => (await stat(name)).mode & 0o777));

    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  it("is moved out of its WAL when that gets long, while appends go on", async () => {
    const path = await newLog();
    await using store = await openSqliteStore({ path, walBytes: 16_384 });

    for (let head = 0; head < 300; head += 1) await store.append(ana, head, [{ revision: head + 1, text: "x".repeat(2_000) }]);

    const { size: walBytes } = await stat(`${path}-wal`);
    expect(walBytes).toBeLessThan(300_000);
    expect((await collect(store.read(ana, 0))).length).toBe(300);
  });

  it("that cannot be made is unavailable, with the path in the message", async () => {
    const path = await newLog();
    await mkdir(path, { recursive: true });

    const file = await newLog();
    await writeFile(dirname(file), "a file where the folder belongs");

    await expect(openSqliteStore({ path })).rejects.toThrow(StoreUnavailable);
    await expect(openSqliteStore({ path: file })).rejects.toThrow(StoreUnavailable);
    await expect(openSqliteStore({ path: file })).rejects.toThrow(file);
  });
});

describe("the owner of a SQLite store", () => {
  it("is one in this process, under any name of the file, until it closes", async () => {
    const path = await newLog();
    const owner = await openSqliteStore({ path });
    const otherName = join(dirname(path), "other-name.db");
    await symlink(path, otherName);

    await expect(openSqliteStore({ path })).rejects.toThrow(StoreHeld);
    await expect(openSqliteStore({ path: otherName })).rejects.toThrow(StoreHeld);
    await owner.append(ana, 0, recordsBehind(0, 1));
    await owner.close();

    await using next = await openSqliteStore({ path: otherName });
    expect(await collect(next.read(ana, 0))).toEqual(recordsBehind(0, 1));
  });

  it("is one of many who open a new log at once", async () => {
    const path = await newLog();

    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => openSqliteStore({ path })));

    const owners = outcomes.filter((outcome) => outcome.status === "fulfilled");
    const refusals = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(owners).toHaveLength(1);
    for (const { reason } of refusals) expect(reason).toBeInstanceOf(StoreHeld);
    await owners[0]?.value.close();
  });

  it("keeps other processes out, also after this process was refused once, and lets them in when it closes", async () => {
    const path = await newLog();
    const owner = await openSqliteStore({ path });
    await owner.append(ana, 0, recordsBehind(0, 1));
    await expect(openSqliteStore({ path })).rejects.toThrow(StoreHeld);

    const whileOwned = await openElsewhere(path);
    await owner.append(bo, 0, recordsBehind(0, 1));
    await owner.close();

    expect(whileOwned).toBe("StoreHeld");
    expect(await openElsewhere(path)).toBe("opened");
    await using again = await openSqliteStore({ path }); // the other process ended without closing
    expect(await collect(again.read(bo, 0))).toEqual(recordsBehind(0, 1));
  });
});

/** Opens the log in a process of its own, which ends without closing it. */
async function openElsewhere(path: string): Promise<string> {
  const sqlite = new URL("sqlite.ts", import.meta.url).href;
  const script = `import { openSqliteStore } from ${JSON.stringify(sqlite)};
    openSqliteStore({ path: ${JSON.stringify(path)} }).then(() => "opened", (fault) => fault.name).then((said) => process.stdout.write(said));`;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", tsx, "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child, "close");
  return said;
}

describe("the choice of an engine", () => {
  it("falls on one that loads here", async () => {
    expect(SQLITE_DRIVERS.map(({ name }) => name)).toContain((await loadSqliteDriver()).name);
  });

  it("that finds none says which Node, what is wrong with each, and what repairs it", async () => {
    const broken = (name: string, why: string): DriverCandidate => ({ name, load: () => Promise.reject(new Error(why)) });

    const choosing = loadSqliteDriver([broken("one", "is absent"), broken("other", "built for module version 115")]);

    await expect(choosing).rejects.toMatchObject({
      code: "store/no-driver",
      message:
        `no SQLite engine loads on Node ${process.versions.node} (module version ${process.versions.modules}); ` +
        "one: is absent; other: built for module version 115; use Node 22.16 or newer, which has one, or repair it with: npm rebuild better-sqlite3 (npm ci where it is missing)",
    });
  });
});
