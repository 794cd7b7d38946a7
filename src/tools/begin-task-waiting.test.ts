import { expect, it } from "vitest";
import { waiting } from "./begin-task-waiting.ts";

const task = {
  intentId: "intent-1",
  principalId: "ana",
  objective: "mine",
  files: ["src/a.ts"],
  agent: undefined,
  requestId: undefined,
  renews: true,
  waitMs: 0,
  nowMs: 0,
};
const bo = { intent_id: "intent-bo", principal_id: "bo", paths: ["src/a.ts"], announced_at_ms: 0, expires_at_ms: 60_000 };

it.each([
  ["names the task to yield where a holder waits for it", { ...bo, waits_for_you: true }, true],
  ["names none where nobody does", bo, false],
])("%s", (_, holder, isMutual) => {
  const { structured, lines, next = [] } = waiting(task, { deferralId: "d", ahead: 0, holders: [holder] }, []);

  expect(next.some(({ why }) => why.includes("you wait for each other"))).toBe(isMutual);
  expect(lines.some((line) => line.includes("waits for a task of yours"))).toBe(isMutual);
  expect(structured["conflicts"]).toMatchObject([isMutual ? { waits_for_you: true } : { intent_id: "intent-bo" }]);
});

const mine = (intent_id: string, ...resources: string[]) => ({ intent_id, scope: { kind: "file_set", resources } });

it.each([
  [
    "nothing of it",
    [],
    [
      "waiting: you hold none of these files yet; you are next. Do not edit them.",
      "The task begins by itself when they are free, and your next result says so. Your place is kept for 120 s, and with each call with the ticket for as long again.",
    ],
  ],
  [
    "some of it by another task, which this one replaces",
    [mine("intent-2", "src/a.ts", "src/b.ts")],
    [
      "waiting: of these files you hold only what intent-2 covers (src/a.ts, src/b.ts); you are next. Do not edit the others.",
      "The task begins by itself when they are free, in place of intent-2, and your next result says so. Your place is kept for 120 s, and with each call with the ticket for as long again.",
    ],
  ],
])("tells what happens to whoever waits and holds %s", (_, own, says) => {
  const { lines } = waiting(task, { deferralId: "d", ahead: 0, holders: [bo] }, own);

  expect(lines.slice(0, 2)).toEqual(says);
});

it("names the sub-agent that waits in the call by which it goes on waiting", () => {
  const { next = [] } = waiting({ ...task, agent: "tester" }, { deferralId: "d", ahead: 0, holders: [bo] }, []);

  expect(next[0]?.arguments).toEqual({ objective: "mine", files: ["src/a.ts"], agent: "tester", ticket: "intent-1" });
});
