import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { intent, SESSION, touchyStore } from "../../engine/engine.test.fixture.ts";
import { memoryStore } from "../../store/memory.ts";
import { openSqliteStore } from "../../store/sqlite.ts";
import { streamOf } from "../../wire/ids.ts";
import { BadCursor } from "./changes.ts";
import { type Process, start } from "./changes.test.fixture.ts";
import { isAbout } from "./gathered.ts";

/** A session that ana has joined. */
async function withAna(life: Process = start()): Promise<Process> {
  await life.says("ana", "HELLO");
  return life;
}

describe("whoever follows a session", () => {
  it("hears at once where following begins, and then what changes, each with its place", async () => {
    const life = await withAna();
    using reading = life.follows("ana");

    const first = await reading.next();
    await life.says("ana", "INTENT_ANNOUNCE", intent("i"));
    const second = await reading.next();

    expect([first.told, first.cursor]).toEqual(["", "s2.b0.m0"]);
    expect([second.told, second.cursor]).toEqual(["intents session", "s3.b0.m0"]);
    expect(isAbout(second.change, "signalbox://file/i.ts")).toBe(true);
    expect(isAbout(second.change, "signalbox://file/j.ts")).toBe(false);
  });

  it("hears of the board and of its own mail as well", async () => {
    const life = await withAna();
    using anas = life.follows("ana");
    using bos = life.follows("bo");
    await Promise.all([anas.next(), bos.next()]);

    await life.posts("a topic");
    const posted = [(await anas.next()).told, (await bos.next()).told];
    await life.mails("ana", "bo", "m1");

    expect(posted).toEqual(["board board?topic=a%20topic", "board board?topic=a%20topic"]);
    expect((await bos.next()).told).toBe("inbox");
    expect(await anas.isQuiet()).toBe(true);
  });

  it("hears nothing of what changes nothing", async () => {
    const life = await withAna();
    await life.says("ana", "HEARTBEAT", { status: "idle" });
    using reading = life.follows("ana");
    await reading.next();

    await life.says("ana", "HEARTBEAT", { status: "idle" });
    await life.says("ana", "OP_PROPOSE", { op_id: "o", target: "a.ts", op_kind: "replace" });

    expect(await reading.isQuiet()).toBe(true);
  });

  it("hears once of many things that happened while it did not listen", async () => {
    const life = await withAna();
    using reading = life.follows("ana");
    await reading.next();

    await Promise.all(Array.from({ length: 300 }, (_, index) => life.says("ana", "INTENT_ANNOUNCE", intent(`i${index}`))));
    const { change, cursor } = await reading.next();

    expect(cursor).toBe("s302.b0.m0");
    for (const index of [0, 150, 299]) expect(isAbout(change, `signalbox://file/i${index}.ts`)).toBe(true);
    expect(isAbout(change, "signalbox://file/other.ts")).toBe(false);
    expect(await reading.isQuiet()).toBe(true);
  });

  it("is one of some in each turn where they are many, and whoever made the change waits for none", async () => {
    const life = await withAna();
    const readings = Array.from({ length: 100 }, () => life.follows("ana"));
    onTestFinished(() => readings.forEach((reading) => reading[Symbol.dispose]()));
    await Promise.all(readings.map((reading) => reading.next()));
    let heard = 0;
    for (const reading of readings) void reading.next().then(() => (heard += 1));

    await life.says("ana", "INTENT_ANNOUNCE", intent("i"));
    const at = [heard];
    for (let turn = 0; turn < 6; turn += 1) {
      await nextTurn();
      at.push(heard);
    }

    expect([at[0], at.at(-1)]).toEqual([0, 100]);
    expect(Math.max(...at.slice(1).map((count, index) => count - (at[index] ?? 0)))).toBeLessThanOrEqual(32);
  });

  it("goes on where it was, after a restart, with what happened meanwhile", async () => {
    const folder = await mkdtemp(join(tmpdir(), "changes-"));
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 5 }));
    const path = join(folder, "log");
    const before = await openSqliteStore({ path });
    const first = await withAna(start({ store: before }));
    using reading = first.follows("ana");
    const { cursor } = await reading.next();
    await first.says("ana", "INTENT_ANNOUNCE", intent("i"));
    await first.posts("deploy");
    await first.mails("bo", "ana", "m1");
    await first.die();
    await before.close();
    await using store = await openSqliteStore({ path });
    const second = start({ store });

    using again = second.follows("ana", cursor);
    const { change, told } = await again.next();

    expect(told).toBe("board board?topic=deploy inbox intents session");
    expect(isAbout(change, "signalbox://file/i.ts")).toBe(true);
    expect(await again.isQuiet()).toBe(true);
    await second.says("ana", "INTENT_WITHDRAW", { intent_id: "i", reason: "done" });
    expect(isAbout((await again.next()).change, "signalbox://file/i.ts")).toBe(true);
    await second.die();
  });

  it("is told that everything may have changed where its place is in another life of the log", async () => {
    const life = await withAna();
    using reading = life.follows("ana", "s1.b7.m0");

    const { change, cursor } = await reading.next();

    expect(cursor).toBe("s2.b0.m0");
    for (const uri of ["session", "lanes", "board?topic=x", "file/any.ts", "inbox"])
      expect(isAbout(change, `signalbox://${uri}`)).toBe(true);
    expect(await reading.isQuiet()).toBe(true);
  });

  it("is told the same where it is very far behind, and no log is read for that", async () => {
    const store = touchyStore();
    const life = await withAna(start({ store }));
    for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 500 }, () => life.posts("a")));
    const read = store.read.bind(store);
    store.read = (stream, ...from) => {
      if (stream === streamOf(SESSION, "board")) throw new Error("the log was read");
      return read(stream, ...from);
    };
    using reading = life.follows("ana", "s2.b3.m0");

    const { change, cursor } = await reading.next();

    expect(cursor).toBe("s2.b2501.m0");
    expect(isAbout(change, "signalbox://board?topic=other")).toBe(true);
  });

  it.each([
    "",
    "s1",
    "s1.b1",
    "s-1.b0.m0",
    "s1.b2.m3 ",
    "s1.b2.m3\n",
    "s1.b2.m3.x4",
    "S1.b2.m3",
    "s1e3.b0.m0",
    `s${"9".repeat(40)}.b0.m0`,
    "42",
  ])("is refused at once with the place %j", (after) => {
    const { changes } = start();

    expect(() => changes.follow(SESSION, "ana", after, new AbortController().signal)).toThrow(BadCursor);
  });

  it("ends with its signal, also while it waits, and when it leaves", async () => {
    const life = await withAna();
    const stop = new AbortController();
    const waiting = life.changes.follow(SESSION, "ana", undefined, stop.signal)[Symbol.asyncIterator]();
    await waiting.next();
    const asked = waiting.next();
    stop.abort();
    expect(await asked).toEqual({ done: true, value: undefined });

    for await (const _first of life.changes.follow(SESSION, "ana", undefined, new AbortController().signal)) break;
    expect(await life.isListenedTo("session")).toBe(false);
  });

  it("hears what the store says when the log cannot be read, and nobody after it once it can", async () => {
    const store = touchyStore();
    const life = await withAna(start({ store }));
    using other = life.follows("bo");
    await other.next();
    store.hiding = new Error("the disk is gone");
    using reading = life.follows("ana", "s0.b0.m0");
    await expect(reading.next()).rejects.toThrow("the disk is gone");

    store.hiding = undefined;
    using again = life.follows("ana", "s0.b0.m0");
    expect((await again.next()).told).toBe("lanes session");
  });
});

describe("the logs of a followed session", () => {
  it("are not made by following, and followed as soon as somebody has made them", async () => {
    const life = await withAna();
    using reading = life.follows("ana");
    await reading.next();
    expect(await reading.isQuiet()).toBe(true);

    const there = await Promise.all((["board", "mail"] as const).map((part) => life.engine.has(streamOf(SESSION, part))));
    expect([there, life.opened]).toEqual([[false, false], ["session"]]);
    await life.posts("first");
    expect((await reading.next()).told).toBe("board board?topic=first");
    await life.mails("bo", "ana", "m1");
    expect((await reading.next()).told).toBe("inbox");
  });

  it("are not even made where the session itself is not there", async () => {
    const life = start();
    using reading = life.follows("ana");
    const { cursor } = await reading.next();
    expect([cursor, life.opened]).toEqual(["s0.b0.m0", []]);

    await life.says("ana", "HELLO");
    expect((await reading.next()).told).toBe("lanes session");
  });

  it("are read once for all who follow, and by nobody when the last has left", async () => {
    const life = await withAna();
    await life.posts("a");
    const readings = Array.from({ length: 50 }, () => life.follows("ana"));
    await Promise.all(readings.map((reading) => reading.next()));
    expect(life.opened.toSorted()).toEqual(["board", "session"]);

    for (const reading of readings.slice(1)) reading[Symbol.dispose]();
    expect(await life.isListenedTo("board")).toBe(true);
    readings[0]?.[Symbol.dispose]();
    expect([await life.isListenedTo("session"), await life.isListenedTo("board")]).toEqual([false, false]);
    await life.mails("ana", "bo", "m1");
    expect(life.opened).not.toContain("mail");
  });

  it("are left by whoever is gone before it asked for anything, and before they were open", async () => {
    const life = await withAna();
    life.follows("ana")[Symbol.dispose]();
    expect(await life.isListenedTo("session")).toBe(false);

    const gone = new AbortController();
    gone.abort();
    const never = life.changes.follow(SESSION, "ana", undefined, gone.signal)[Symbol.asyncIterator]();
    expect(await life.isListenedTo("session")).toBe(false);
    expect(await never.next()).toEqual({ done: true, value: undefined });
  });

  it("stay open, so that what falls due is told in time, with nobody else there", async () => {
    const life = start();
    using reading = life.follows("ana");
    await reading.next();
    await life.claims("deploy", 300_000);
    expect((await reading.next()).told).toBe("lanes");

    await life.pass(299_000);
    expect(await reading.isQuiet()).toBe(true);
    await life.pass(2_000);
    expect(await reading.next()).toMatchObject({ told: "lanes", cursor: "s0.b3.m0" });
  });

  it("go on where one of them cannot be opened", async () => {
    const store = memoryStore();
    const before = await withAna(start({ store }));
    await before.posts("a");
    await before.die();
    const life = await withAna(start({ store, open: { board: () => Promise.reject(new Error("damaged")) } }));
    using reading = life.follows("ana");
    await reading.next();
    await life.says("ana", "INTENT_ANNOUNCE", intent("i"));

    expect((await reading.next()).told).toBe("intents session");
    expect(life.faults).toMatchObject([{ stream: "s/board", error: "Error: damaged" }]);
  });
});
