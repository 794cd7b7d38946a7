import { expect, it } from "vitest";
import { waiting } from "./begin-task-waiting.ts";

const task = {
  intentId: "intent-1",
  principalId: "ana",
  objective: "mine",
  files: ["src/a.ts"],
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
  const { structured, lines, next = [] } = waiting(task, { deferralId: "d", ahead: 0, holders: [holder] });

  expect(next.some(({ why }) => why.includes("you wait for each other"))).toBe(isMutual);
  expect(lines.some((line) => line.includes("waits for a task of yours"))).toBe(isMutual);
  expect(structured["conflicts"]).toMatchObject([isMutual ? { waits_for_you: true } : { intent_id: "intent-bo" }]);
});
