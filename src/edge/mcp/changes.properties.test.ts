import * as fc from "fast-check";
import { expect, it } from "vitest";
import { intent } from "../../engine/engine.test.fixture.ts";
import { memoryStore } from "../../store/memory.ts";
import { type Process, type Reading, start } from "./changes.test.fixture.ts";
import { isAbout } from "./gathered.ts";

/** Things that happen, in the session and on the board. */
type Step = { readonly announce: number } | { readonly post: number } | "take" | "come back" | "restart";

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 90 }).map((announce) => ({ announce })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 90 }).map((post) => ({ post })) },
  { weight: 4, arbitrary: fc.constant("take" as const) },
  { weight: 2, arbitrary: fc.constant("come back" as const) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
);

it("hears of everything that happened behind its place, however slowly it reads and however often it comes back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const store = memoryStore();
      let life: Process = start({ store });
      await life.says("ana", "HELLO");
      let reading: Reading = life.follows("ana");
      let { cursor } = await reading.next();
      const happened: string[] = [];
      const missing = new Set<string>();
      const take = async (): Promise<void> => {
        const taken = await reading.next();
        cursor = taken.cursor;
        for (const uri of missing) if (isAbout(taken.change, uri)) missing.delete(uri);
      };
      const note = (uri: string): void => {
        happened.push(uri);
        missing.add(uri);
      };

      for (const one of steps) {
        if (one === "take") {
          if (!(await reading.isQuiet())) await take();
        } else if (one === "come back" || one === "restart") {
          reading[Symbol.dispose]();
          if (one === "restart") {
            await life.die();
            life = start({ store });
          }
          reading = life.follows("ana", cursor);
        } else if ("announce" in one) {
          const ids = Array.from({ length: one.announce }, (_, index) => `${happened.length}-${index}`);
          for (const id of ids) note(`signalbox://file/${id}.ts`);
          await Promise.all(ids.map((id) => life.says("ana", "INTENT_ANNOUNCE", intent(id))));
        } else {
          const topics = Array.from({ length: one.post }, (_, index) => `${happened.length}-${index}`);
          for (const topic of topics) note(`signalbox://board?topic=${topic}`);
          await Promise.all(topics.map((topic) => life.posts(topic)));
        }
      }
      const ends = ["signalbox://file/end.ts", "signalbox://board?topic=end"];
      for (const uri of ends) note(uri);
      await Promise.all([life.says("ana", "INTENT_ANNOUNCE", intent("end")), life.posts("end")]);
      // What is told of a log is told of everything before it.
      while (ends.some((uri) => missing.has(uri))) await take();

      expect([...missing]).toEqual([]);
      reading[Symbol.dispose]();
      expect([await life.isListenedTo("session"), await life.isListenedTo("board")]).toEqual([false, false]);
      await life.die();
    }),
    { numRuns: 60 },
  );
}, 60_000);
