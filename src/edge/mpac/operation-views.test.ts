import { expect, it } from "vitest";
import { files, play } from "../../core/session/session.test.fixture.ts";
import type { Intent } from "../../core/session/state/intents.ts";
import type { IntentId } from "../../wire/ids.ts";
import { viewProposals } from "./operation-views.ts";

function playProposing(count: number) {
  const played = play({ compliance: "governance", execution_model: "pre_commit" });
  for (const principal of ["ana", "bo"]) played.says(principal, "HELLO", {});
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts") });
  for (let index = 0; index < count; index += 1) {
    played.says("ana", "OP_PROPOSE", { op_id: `o${index}`, target: `${"long/".repeat(100)}${index}`, intent_id: "i" });
  }
  return { played, intent: () => played.state.intents.get("i" as IntentId) as Intent };
}

it("shows a reviewer what waits, by whom, and whether it may be carried out", () => {
  const { played, intent } = playProposing(1);
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("a.ts"), extensions: { signalbox: { on_overlap: "proceed" } } });
  played.says("ana", "OP_BATCH_COMMIT", { batch_id: "g", intent_id: "i", operations: [{ op_id: "p", target: "a.ts" }] });

  const { proposals } = viewProposals(played.state, intent());

  expect(proposals).toMatchObject([
    { op_id: "o0", principal_id: "ana", state: "PROPOSED", authorized_by: "service:coordinator-s" },
    { op_id: "p", principal_id: "ana", target: "a.ts", authorized_by: null, batch_id: "g" },
  ]);
});

it("shows the first of many, and how many there are", () => {
  const { played, intent } = playProposing(250);

  const { proposals = [], proposal_count } = viewProposals(played.state, intent());

  expect(proposal_count).toBe(250);
  expect(proposals[0]?.op_id).toBe("o0");
  expect(JSON.stringify(proposals).length).toBeLessThan(100_000);
});

it("says nothing of an intent under which nothing waits", () => {
  const { played, intent } = playProposing(1);
  played.says("ana", "OP_COMMIT", { op_id: "o0", target: `${"long/".repeat(100)}0` });

  expect(viewProposals(played.state, intent())).toEqual({});
});
