/** Callers over HTTP who wait for their turn: with a request they are there again, whatever became of their place meanwhile. */
import { expect, it } from "vitest";
import { proven, visited } from "./app-visitors.test.fixture.ts";

const ana = proven("ana");
const bo = proven("bo");
const task = { objective: "o", files: ["a.ts"] };

it("have their turn after a restart when they have come again", async () => {
  const before = await visited();
  const { intent_id: held } = await before.call(ana, "begin_task", task);
  const { ticket } = await before.call(bo, "begin_task", { ...task, on_overlap: "wait", wait_s: 0 });
  await before.end();

  await using session = await visited({ store: before.store });
  await session.call(bo, "who_is_working");
  await session.call(ana, "yield_task", { intent_id: held });
  await session.settled();

  expect(await session.state(({ intents }) => intents.get(ticket as never)?.state)).toBe("ACTIVE");
});

it.each([
  { name: "is given up at its turn where no call has come again", again: false, becomes: "WITHDRAWN" },
  { name: "is held at its turn where a call has come again", again: true, becomes: "ACTIVE" },
])("have a place after a call that was cancelled, whose task $name", async ({ again, becomes }) => {
  await using session = await visited();
  const { intent_id: held } = await session.call(ana, "begin_task", task);
  const { ticket } = await session.call(bo, "begin_task", { ...task, on_overlap: "wait", wait_s: 0 });
  const cancelled = new AbortController();
  const waiting = session.call(bo, "begin_task", { ...task, ticket }, undefined, { signal: cancelled.signal });
  await session.settled();
  cancelled.abort();
  await waiting;
  expect(await session.state((state) => state.waiting.size)).toBe(1);

  if (again) await session.call(bo, "begin_task", { ...task, ticket, wait_s: 0 });
  await session.call(ana, "yield_task", { intent_id: held });
  await session.settled();

  expect(await session.state(({ intents }) => intents.get(ticket as never)?.state)).toBe(becomes);
});
