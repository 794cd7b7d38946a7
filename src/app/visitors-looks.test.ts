/** How often a session is asked whom a caller over HTTP finds himself to be there, and what he is told in time all the same. */
import { expect, it } from "vitest";
import { proven, visited } from "./visitors.test.fixture.ts";

const ana = proven("ana");
const bo = proven("bo");
const SECOND = 1_000;

it("looks again when something has happened in the session, and not before", async () => {
  await using session = await visited();
  await session.call(ana, "begin_task", { objective: "o", files: ["a.ts"] });
  await session.contextOf(ana);
  const before = session.questions;

  await session.contextOf(ana);
  await session.contextOf(ana);
  const untouched = session.questions - before;
  await session.call(bo, "begin_task", { objective: "p", files: ["b.ts"] });
  const between = session.questions;
  await session.contextOf(ana);

  expect([untouched, session.questions - between]).toEqual([0, 1]);
});

it("looks again when a task runs out, so that the first answer behind that says so", async () => {
  await using session = await visited();
  await session.call(ana, "begin_task", { objective: "o", files: ["a.ts"], ttl_sec: 60 });
  await session.call(ana, "who_is_working");

  session.clock.advance(60 * SECOND);
  const { notices } = await session.call(ana, "who_is_working");

  expect(notices).toEqual([expect.stringContaining("ended")]);
});
