/** Callers over HTTP whose machine sleeps: nobody was silent then. */
import { expect, it } from "vitest";
import { proven, visited } from "./visitors.test.fixture.ts";

const MINUTE = 60_000;
const ana = proven("ana");
const task = { objective: "o", files: ["a.ts"] };

it.each([
  ["just before it is looked at who is silent", 14_999],
  ["just before the clocks are looked at", 19_999],
])("are present for the rest of their quarter of an hour when it wakes, having fallen asleep %s", async (_, ms) => {
  await using session = await visited();
  const { intent_id } = await session.call(ana, "begin_task", task);
  const stateNow = () => session.state(({ intents }) => intents.get(intent_id as never)?.state);
  await session.pass(MINUTE + ms, 1_000);

  session.clock.sleep(60 * MINUTE);
  await session.pass(12 * MINUTE);
  expect([await stateNow(), (await session.participant("ana"))?.presence]).toEqual(["ACTIVE", "available"]);
  await session.pass(4 * MINUTE);

  expect([await stateNow(), (await session.participant("ana"))?.presence]).toEqual(["SUSPENDED", "unavailable"]);
});

it("are present as long when it has slept soon after a restart", async () => {
  const before = await visited();
  const { intent_id } = await before.call(ana, "begin_task", task);
  await before.end();

  await using session = await visited({ store: before.store });
  await session.pass(MINUTE);
  session.clock.sleep(60 * MINUTE);
  await session.pass(12 * MINUTE);

  expect(await session.state(({ intents }) => intents.get(intent_id as never)?.state)).toBe("ACTIVE");
  expect(await session.participant("ana")).toMatchObject({ presence: "available" });
});
