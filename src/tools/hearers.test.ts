import { describe, expect, it } from "vitest";
import { type Hearer, hearerOf } from "./hearers.ts";
import { TestWorktree } from "./worktree.test.fixture.ts";

interface Place {
  readonly seen: string[];
  readonly join: (key?: string) => Promise<Hearer>;
  readonly leave: (hearer: Hearer) => Promise<unknown>;
}

/** Calls about one thing of a place, and what happened to it. */
function place(): Place {
  const files = new TestWorktree();
  const seen: string[] = [];
  const join = (key = "thing"): Promise<Hearer> => hearerOf({ files }, key);
  const leave = (hearer: Hearer) => hearer.leave(async () => void seen.push("given up"));
  return { seen, join, leave };
}

describe("a thing that calls tell of", () => {
  it.each<{ name: string; what: (place: Place) => Promise<unknown>; gives: readonly string[] }>([
    {
      name: "is given up when the one call that may tell of it is not heard",
      what: async ({ join, leave }) => leave(await join()),
      gives: ["given up"],
    },
    {
      name: "is given up once",
      async what({ join, leave }) {
        const one = await join();
        await leave(one);
        await leave(one);
      },
      gives: ["given up"],
    },
    {
      name: "stays while another call may still be heard",
      async what({ join, leave }) {
        const [one] = [await join(), await join()];
        await leave(one);
      },
      gives: [],
    },
    {
      name: "stays where another call was heard",
      async what({ join, leave }) {
        const [one, other] = [await join(), await join()];
        other.told();
        await leave(one);
      },
      gives: [],
    },
    {
      name: "is given up when it turns out that none was",
      async what({ join, leave }) {
        const [one, other] = [await join(), await join()];
        other.told();
        await leave(one);
        await leave(other);
      },
      gives: ["given up"],
    },
    {
      name: "stays where it stood before the only call that is known here",
      async what({ join, leave }) {
        const one = await join();
        one.stood();
        await leave(one);
      },
      gives: [],
    },
    {
      name: "is given up though one before it under the same key was told of",
      async what({ join, leave }) {
        (await join()).told();
        const one = await join();
        one.began();
        await leave(one);
      },
      gives: ["given up"],
    },
    {
      name: "is nothing to a late word about the one before it",
      async what({ join, leave }) {
        const before = await join();
        before.told();
        const one = await join();
        one.began();
        one.told();
        await leave(before);
      },
      gives: [],
    },
    {
      name: "is given up once, whatever is heard about the one before it",
      async what({ join, leave }) {
        const before = await join();
        before.told();
        const one = await join();
        one.began();
        await leave(one);
        await leave(before);
      },
      gives: ["given up"],
    },
    {
      name: "is another under another key",
      async what({ join, leave }) {
        (await join("other")).told();
        await leave(await join());
      },
      gives: ["given up"],
    },
  ])("$name", async ({ what, gives }) => {
    const there = place();

    await what(there);

    expect(there.seen).toEqual(gives);
  });

  it("is looked at by another call when it has been given up, and not before", async () => {
    const { seen, join } = place();
    let end: () => void = () => undefined;
    const one = await join();

    const ending = one.leave(() => new Promise<void>((resolve) => (end = resolve)));
    const joining = join().then(() => seen.push("joined"));
    await new Promise(setImmediate);
    seen.push("over");
    end();
    await Promise.all([ending, joining]);

    expect(seen).toEqual(["over", "joined"]);
  });

  describe("among very many", () => {
    /** More other things than are remembered. */
    async function others({ join }: Place): Promise<void> {
      for (let n = 0; n < 1_000; n += 1) (await join(`other ${n}`)).told();
    }

    it.each<{ name: string; what: (place: Place) => Promise<unknown>; gives: readonly string[] }>([
      {
        name: "stays where a call under way, that began before them, may still be heard",
        async what(there) {
          const one = await there.join();
          await others(there);
          await there.leave(await there.join());
          one.told();
        },
        gives: [],
      },
      {
        name: "stays where it was forgotten, told of again, and then turns out not to have been read at first",
        async what(there) {
          const one = await there.join();
          one.told();
          await others(there);
          const again = await there.join();
          again.stood();
          again.told();
          await there.leave(one);
        },
        gives: [],
      },
      {
        name: "is given up where it was forgotten and nobody asked again",
        async what(there) {
          const one = await there.join();
          one.told();
          await others(there);
          await there.leave(one);
        },
        gives: ["given up"],
      },
    ])("$name", async ({ what, gives }) => {
      const there = place();

      await what(there);

      expect(there.seen).toEqual(gives);
    });

    it("is looked at by another call when it has been given up, though it was forgotten", async () => {
      const there = place();
      let end: () => void = () => undefined;
      const one = await there.join();
      one.told();
      await others(there);

      const ending = one.leave(() => new Promise<void>((resolve) => (end = resolve)));
      const joining = there.join().then(() => there.seen.push("joined"));
      await new Promise(setImmediate);
      there.seen.push("over");
      end();
      await Promise.all([ending, joining]);

      expect(there.seen).toEqual(["over", "joined"]);
    });
  });
});
