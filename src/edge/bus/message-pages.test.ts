import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { board } from "../../core/board/board.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { memoryStore } from "../../store/memory.ts";
import type { BoardCommand } from "../../wire/board.ts";
import type { SessionId } from "../../wire/ids.ts";
import type { BoardHost } from "./board-host.ts";
import { pageOf } from "./message-pages.ts";

/** More than are at hand, with other records between them. */
const MANY = 1_500;
const TOPICS = ["ci", "news", "lunch"] as const;

let engine: Engine;
let host: BoardHost;
const written: { readonly topic: string; readonly body: string }[] = [];

const submit = (command: BoardCommand): Promise<unknown> =>
  new Promise((resolve) => {
    host.submit({ command, actor: { principal: "ana", verified: "asserted" } }, resolve);
  });

beforeAll(async () => {
  engine = createEngine({ store: memoryStore(), log: silentLog, node: "n" });
  ({ host } = await engine.open(board, "s" as SessionId, {}));
  const commands = Array.from({ length: MANY }, (_, index): BoardCommand[] => {
    const message = { topic: TOPICS[index % TOPICS.length] as string, body: `text ${index} ${index % 7 === 0 ? "Red" : "green"}` };
    written.unshift(message);
    const post = { type: "PostMessage", sender: "ana", actionFlag: false, ...message } as const;
    return index % 5 === 0 ? [post, { type: "ClaimLane", lane: "deploy", owner: "ana", leaseMs: 60_000 }] : [post];
  });
  await Promise.all(commands.flat().map(submit));
});

afterAll(() => engine.close());

it("gives every message that is wanted once, the newest first, whatever the size of the pages", async () => {
  const asked = fc.record({
    limit: fc.integer({ min: 1, max: 500 }),
    topic: fc.option(fc.constantFrom(...TOPICS), { nil: undefined }),
    text: fc.option(fc.constantFrom("red", "TEXT 14", "nothing like it"), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ limit, topic, text }) => {
      const seen: unknown[] = [];
      let before: number | undefined;
      do {
        const page = await pageOf({ host, engine }, { limit, topic, text, before });
        expect(page.messages.length).toBeLessThanOrEqual(limit);
        seen.push(...page.messages.map(({ body }) => body));
        before = page.before;
      } while (before !== undefined);

      const wanted = written.filter(
        (one) => (topic ?? one.topic) === one.topic && one.body.toLowerCase().includes((text ?? "").toLowerCase()),
      );
      expect(seen).toEqual(wanted.map(({ body }) => body));
    }),
    { numRuns: 60 },
  );
});

it("begins behind any message, also one that is not at hand", async () => {
  const { messages } = await pageOf({ host, engine }, { limit: 3, before: 100 });

  expect(messages).toHaveLength(3);
  expect(messages.every(({ id }) => Number(/^msg-(\d+)-/.exec(id as string)?.[1]) < 100)).toBe(true);
});

it("holds no more than a client takes, also of text that JSON writes with six characters for each", async () => {
  await Promise.all(
    Array.from({ length: 60 }, () =>
      submit({ type: "PostMessage", sender: "ana", topic: "noise", body: "\u0001".repeat(64 * 1024), actionFlag: false }),
    ),
  );

  const { messages, before } = await pageOf({ host, engine }, { limit: 60, topic: "noise" });

  expect(JSON.stringify(messages).length).toBeLessThan(3 * 1024 * 1024);
  expect(before).toBeGreaterThan(0);
});
