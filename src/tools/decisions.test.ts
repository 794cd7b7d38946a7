import { expect, it } from "vitest";
import { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { createDecisions } from "./decisions.ts";

function hearing() {
  const told: string[] = [];
  const hear = createDecisions((sentence) => told.push(sentence));
  const say = (message_type: string, payload: object, principal_id = "cy") =>
    hear(InboundEnvelope.parse({ message_type, message_id: "m", sender: { principal_id }, payload }));
  return { told, say };
}

it("tells what came of a conflict that was reported, once, with whose word and why", () => {
  const { told, say } = hearing();

  say("CONFLICT_REPORT", { conflict_id: "k" });
  for (let times = 0; times < 2; times += 1) {
    say("RESOLUTION", {
      conflict_id: "k",
      decision: "approved",
      rationale: "bo\nwas first",
      outcome: { accepted: ["i", 5], rejected: [] },
    });
  }

  expect(told).toEqual(['conflict k was decided by cy: approved ("bo was first"); accepted: i; what of yours was not rejected may go on']);
});

it.each([
  ["that was never reported here", "other", "cy", { decision: "approved" }],
  ["of which nothing is left", "k", "service:coordinator-s", { decision: "dismissed" }],
])("says nothing of a conflict %s", (_, conflict_id, by, resolution) => {
  const { told, say } = hearing();

  say("CONFLICT_REPORT", { conflict_id: "k" });
  say("RESOLUTION", { conflict_id, ...resolution }, by);

  expect(told).toEqual([]);
});

it("tells of a decision that gives no reason and no outcome", () => {
  const { told, say } = hearing();

  say("CONFLICT_REPORT", { conflict_id: "k" });
  say("RESOLUTION", { conflict_id: "k", decision: "merged", outcome: null });

  expect(told).toEqual(["conflict k was decided by cy: merged; what of yours was not rejected may go on"]);
});

it("forgets the oldest conflicts first", () => {
  const { told, say } = hearing();

  for (let n = 0; n <= 200; n += 1) say("CONFLICT_REPORT", { conflict_id: `k${n}` });
  for (const conflict_id of ["k0", "k1"]) say("RESOLUTION", { conflict_id, decision: "merged" });

  expect(told).toEqual(["conflict k1 was decided by cy: merged; what of yours was not rejected may go on"]);
});
