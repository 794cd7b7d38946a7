/** Who is told which single resources say something else, and from when on. */
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { board } from "../../core/board/board.ts";
import { mail } from "../../core/mail/mail.ts";
import { session } from "../../core/session/session.ts";
import { intent, loops, SESSION, touchyStore } from "../../engine/engine.test.fixture.ts";
import { silentLog } from "../../engine/log.ts";
import { createChanges } from "./changes.ts";
import { type Process, start } from "./changes.test.fixture.ts";
import { isAbout } from "./gathered.ts";

const [INTENTS, BOARD, INBOX] = ["signalbox://intents", "signalbox://board", "signalbox://inbox"];

async function withAna(life: Process = start()): Promise<Process> {
  await life.says("ana", "HELLO");
  return life;
}

async function watching(life: Pick<Process, "changes">, uris: readonly string[], principal?: string) {
  const told: string[] = [];
  const watched = await life.changes.watch(SESSION, { principal, uris, tell: (uri) => void told.push(uri) });
  return {
    /** What was told since, when everything that happened has been heard. */
    async take(): Promise<readonly string[]> {
      await loops(10);
      return told.splice(0);
    },
    [Symbol.dispose]: () => watched[Symbol.dispose](),
  };
}

describe("whoever watches resources", () => {
  it("is told of those that change, by the name that it has for each, and of no other", async () => {
    const life = await withAna();
    using some = await watching(life, [INTENTS, "signalbox://file/i%2Ets", "signalbox://file/j.ts"]);
    using other = await watching(life, ["signalbox://lanes"]);

    await life.says("ana", "INTENT_ANNOUNCE", intent("i"));

    expect([await some.take(), await other.take()]).toEqual([[INTENTS, "signalbox://file/i%2Ets"], []]);
  });

  it("is told of its own inbox alone, and anybody of none", async () => {
    const life = await withAna();
    using anas = await watching(life, [INBOX], "ana");
    using bos = await watching(life, [INBOX], "bo");
    using nobodys = await watching(life, [INBOX]);

    await life.mails("ana", "bo", "m1");

    expect([await anas.take(), await bos.take(), await nobodys.take()]).toEqual([[], [INBOX], []]);
  });

  it("is told of nothing that happened before it came, also where others are still to hear of it", async () => {
    const life = await withAna();
    await life.posts("first");
    await life.mails("bo", "ana", "m1");
    using early = await watching(life, [BOARD, INTENTS, INBOX], "ana");

    await life.posts("a");
    using later = await watching(life, [BOARD, INTENTS, INBOX], "ana");
    const posted = [await early.take(), await later.take()];
    await life.mails("bo", "ana", "m2");
    using late = await watching(life, [BOARD, INTENTS, INBOX], "ana");
    const sent = [await later.take(), await late.take()];
    await early.take();
    await life.says("ana", "INTENT_ANNOUNCE", intent("i"));

    expect([posted, sent]).toEqual([
      [[BOARD], []],
      [[INBOX], []],
    ]);
    expect([await early.take(), await late.take()]).toEqual([[INTENTS], [INTENTS]]);
  });

  it("is told of more resources than are looked at in one turn", async () => {
    const life = await withAna();
    const uris = Array.from({ length: 600 }, (_, index) => `signalbox://board?topic=${index}`);
    using some = await watching(life, uris);
    using more = await watching(life, [...uris, INTENTS]);

    await Promise.all([0, 255, 256, 599].map((index) => life.posts(String(index))));
    await life.says("ana", "INTENT_ANNOUNCE", intent("i"));

    const topics = [0, 255, 256, 599].map((index) => uris[index]);
    expect(await some.take()).toEqual(expect.arrayContaining(topics));
    expect(await more.take()).toEqual(expect.arrayContaining([...topics, INTENTS]));
  });

  it("waits for others in short turns, and not for those who have left", async () => {
    const life = await withAna();
    const many = await watching(
      life,
      Array.from({ length: 600 }, (_, index) => `signalbox://file/${index}.ts`),
    );
    let isTold = false;
    using _one = await life.changes.watch(SESSION, { principal: undefined, uris: [INTENTS], tell: () => (isTold = true) });
    const turnsUntilTold = async (id: string): Promise<number> => {
      isTold = false;
      await life.says("ana", "INTENT_ANNOUNCE", intent(id));
      let turns = 0;
      for (; !isTold; turns += 1) await nextTurn();
      return turns;
    };

    const beside = await turnsUntilTold("i");
    many[Symbol.dispose]();
    const alone = await turnsUntilTold("j");

    expect(beside - alone).toBeGreaterThanOrEqual(2);
  });

  it("hears why it cannot, and can once the logs are there again", async () => {
    const life = await withAna();
    const { engine } = life;
    let isGone = true;
    const has: Process["engine"]["has"] = (stream) => (isGone ? Promise.reject(new Error("the disk is gone")) : engine.has(stream));
    const opens = {
      session: async () => (await engine.open(session, SESSION, {})).host,
      board: async () => (await engine.open(board, SESSION, {})).host,
      mail: async () => (await engine.open(mail, SESSION, {})).host,
    };
    const changes = createChanges({ engine: { ...engine, has }, open: opens, log: silentLog });
    await expect(watching({ changes }, [BOARD])).rejects.toThrow("the disk is gone");

    isGone = false;
    using again = await watching({ changes }, [BOARD]);
    await life.posts("a");

    expect(await again.take()).toEqual([BOARD]);
  });

  it("is told nothing more when it has left, and the logs are followed as long as somebody is there", async () => {
    const life = await withAna();
    const [first, second] = [await watching(life, [BOARD]), await watching(life, [BOARD])];

    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await life.posts("a");
    const told = [await first.take(), await second.take(), await life.isListenedTo("session")];
    second[Symbol.dispose]();

    expect([told, await life.isListenedTo("session")]).toEqual([[[], [BOARD], true], false]);
  });

  it("comes again after everybody has left, and stays beside whoever reads", async () => {
    const life = await withAna();
    using reading = life.follows("ana");
    await reading.next();
    (await watching(life, [BOARD]))[Symbol.dispose]();
    using again = await watching(life, [BOARD]);

    await life.posts("a");

    expect([await again.take(), (await reading.next()).told]).toEqual([[BOARD], "board board?topic=a"]);
  });

  it("is told with what comes next where the log could not be read", async () => {
    const store = touchyStore();
    const life = await withAna(start({ store }));
    await life.posts("first");
    using some = await watching(life, ["signalbox://board?topic=1", "signalbox://board?topic=end"]);

    store.hiding = new Error("the log cannot be read");
    await Promise.all(Array.from({ length: 400 }, (_, index) => life.posts(String(index))));
    const before = await some.take();
    store.hiding = undefined;
    await life.posts("end");

    expect([before, await some.take()]).toEqual([[], ["signalbox://board?topic=1", "signalbox://board?topic=end"]]);
  });

  it("is told of the same as whoever reads all of it", { timeout: 60_000 }, async () => {
    const anyStep = fc.oneof(
      fc.constantFrom("i", "j", "k").map((announce) => ({ announce })),
      fc.constantFrom("a", "b").map((post) => ({ post })),
      fc.constantFrom("ana", "bo").map((mail) => ({ mail })),
      fc.constant("look" as const),
    );
    const uris = [
      INTENTS,
      BOARD,
      INBOX,
      "signalbox://lanes",
      "signalbox://board?topic=a",
      "signalbox://file/i.ts",
      "signalbox://file/k.ts",
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 8 }), fc.constantFrom(undefined, "ana"), async (steps, principal) => {
        const life = await withAna();
        using reading = life.follows(principal);
        await reading.next();
        using some = await watching(life, uris, principal);
        const told = new Set<string>();
        const heard = new Set<string>();
        const look = async (): Promise<void> => {
          for (const uri of await some.take()) told.add(uri);
          while (!(await reading.isQuiet())) {
            const { change } = await reading.next();
            for (const uri of uris) if (isAbout(change, uri)) heard.add(uri);
          }
        };

        for (const [index, step] of steps.entries()) {
          if (step === "look") await look();
          else if ("announce" in step) await life.says("ana", "INTENT_ANNOUNCE", intent(step.announce));
          else if ("post" in step) await life.posts(step.post);
          else await life.mails(step.mail === "ana" ? "bo" : "ana", step.mail, `m${index}`);
        }
        await look();

        expect([...told].toSorted()).toEqual([...heard].toSorted());
        await life.die();
      }),
      { numRuns: 60 },
    );
  });
});
