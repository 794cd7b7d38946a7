import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { type GroupCommit, groupCommit } from "./group-commit.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { loadSqliteDriver } from "./sqlite-driver.ts";
import { takeLog } from "./sqlite-take.ts";

const newLog = scratchLogs();

interface Opened extends AsyncDisposable {
  readonly writes: GroupCommit;
  /** Inserts a blob with this name. */
  readonly put: (name: string) => void;
  readonly names: () => readonly string[];
  readonly outcomes: string[];
}

async function opened(): Promise<Opened> {
  const { file, release } = await takeLog(await newLog(), await loadSqliteDriver());
  const insert = file.connection.prepare("INSERT INTO blobs (hash, bytes) VALUES (?, zeroblob(1))");
  const select = file.connection.prepare<{ hash: string }>("SELECT hash FROM blobs ORDER BY hash");
  const outcomes: string[] = [];
  const writes = groupCommit(file, {
    again: () => outcomes.push("again"),
    committed: () => outcomes.push("committed"),
    undone: () => outcomes.push("undone"),
  });
  return {
    writes,
    put: (name) => void insert.run(name),
    names: () => select.all().map(({ hash }) => hash),
    outcomes,
    async [Symbol.asyncDispose]() {
      file.close();
      release();
    },
  };
}

it("undoes a write that throws halfway, and no other of its turn", async () => {
  await using log = await opened();

  const outcomes = await Promise.allSettled([
    log.writes.add(() => log.put("ana")),
    log.writes.add(() => {
      log.put("bo");
      throw new RangeError("halfway");
    }),
    log.writes.add(() => {
      log.put("cy");
      log.put("ana");
    }),
    log.writes.add(() => log.put("dee")),
  ]);

  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: new RangeError("halfway") });
  expect(outcomes[2]).toMatchObject({ reason: { code: "store/corrupt" } });
  expect(log.names()).toEqual(["ana", "dee"]);
  expect(log.outcomes).toEqual(["again", "committed"]);
});

it("makes one transaction of all that one turn asks for, and another of the next", async () => {
  await using log = await opened();

  await Promise.all(["ana", "bo", "cy"].map((name) => log.writes.add(() => log.put(name))));
  await log.writes.add(() => log.put("dee"));

  expect(log.outcomes).toEqual(["committed", "committed"]);
});

it("answers many writes when the disk has them, and what is asked for meanwhile with the next commit", async () => {
  await using log = await opened();

  const crowd = Promise.all(["ana", "bo", "cy", "dee"].map((name) => log.writes.add(() => log.put(name))));
  await nextTurn();
  expect(log.names()).toEqual(["ana", "bo", "cy", "dee"]);
  expect(log.outcomes).toEqual([]);
  const late = log.writes.add(() => log.put("eve"));
  await crowd;

  expect(log.outcomes).toEqual(["committed"]);
  expect(log.names()).not.toContain("eve");
  await late;
  expect(log.outcomes).toEqual(["committed", "committed"]);
});

it("commits at once when it is told to, and answers later", async () => {
  await using log = await opened();

  const added = log.writes.add(() => log.put("ana"));
  const flushed = log.writes.flush();

  expect(log.names()).toEqual(["ana"]);
  expect(log.outcomes).toEqual(["committed"]);
  await Promise.all([added, flushed]);
});
