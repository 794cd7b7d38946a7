import { expect, it } from "vitest";
import { endedSentence } from "./ended-task.ts";

it.each([
  { reason: "ttl", renews: true, says: "ended, because nothing was seen of its work for 30 min" },
  { reason: "ttl", renews: false, says: "ended, as its ttl_sec said" },
  { reason: "away", renews: true, says: "is not in the session any more" },
  { reason: "owner_left\u001b[31m", renews: true, says: 'was ended ("owner_left")' },
])("says of a task that ended by $reason how to take it up again", ({ reason, renews, says }) => {
  const task = { intentId: "i", objective: "o", files: ["a.ts"], renews };

  expect(endedSentence(task, reason, 30 * 60_000)).toBe(
    `your task i over a.ts ${says}; you hold nothing by it: begin_task {"objective":"o","files":["a.ts"]} takes it up again`,
  );
});

it("does not tell whoever was rejected to announce the same files again", () => {
  const task = { intentId: "i", objective: "o", files: ["a.ts"], renews: true };

  expect(endedSentence(task, "resolution_rejected", 0)).toMatch(/was rejected when a conflict about it was resolved.*work elsewhere$/);
});
