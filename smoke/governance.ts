/**
 * Smoke: two agents run into each other, one acknowledges, the other escalates, an arbiter decides, and the decision has effect.
 *
 * Contributor and arbiter are foreign MPAC clients; the overlap is made by `begin_task` through the bridge.
 */
import assert from "node:assert/strict";
import { askSummary, connectMpac, type Members } from "./support/mpac-client.ts";
import { startHost } from "./support/mcp-host.ts";
import { scratchFolder } from "./support/scratch.ts";
import { runSmoke } from "./support/steps.ts";

const FILES = ["src/shared.ts"];

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  const host = smoke.own(await startHost({ name: "ana-client", cwd: workspace, env: scratch.env }));

  const { uri, me } = await smoke.step("a bridge joins its repository's session", async () => {
    const { structured } = await host.call("who_is_working");
    const [self] = structured["participants"] as Members[];
    return { uri: String(structured["sidecar_uri"]), me: String(self?.["principal_id"]) };
  });
  const bo = smoke.own(await connectMpac(uri, "bo"));
  const cy = smoke.own(await connectMpac(uri, "cy"));
  await smoke.step("bo joins as contributor, cy as arbiter", async () => {
    const contributor = await bo.join({ roles: ["contributor"] });
    const arbiter = await cy.join({ roles: ["arbiter"] });
    assert.deepEqual([contributor.payload?.["granted_roles"], arbiter.payload?.["granted_roles"]], [["contributor"], ["arbiter"]]);
  });
  await smoke.step("bo announces src/shared.ts", async () => {
    const scope = { kind: "file_set", resources: FILES };
    await bo.outcome(bo.send("INTENT_ANNOUNCE", { intent_id: "intent-bo", objective: "rework the shared types", scope }));
  });

  const { conflictId, intentId } = await smoke.step("begin_task over the same file, with proceed, makes a conflict", async () => {
    const { structured } = await host.call("begin_task", { objective: "rename a type", files: FILES, on_overlap: "proceed" });
    assert.deepEqual([structured["status"], structured["has_conflict"]], ["ok", true]);
    const [conflict] = structured["conflicts"] as Members[];
    return { conflictId: String(conflict?.["conflict_id"]), intentId: String(structured["intent_id"]) };
  });
  await smoke.step("bo acknowledges it", async () => {
    await bo.frame("the conflict", (frame) => frame.message_type === "CONFLICT_REPORT" && frame.payload?.["conflict_id"] === conflictId);
    const answer = await bo.outcome(bo.send("CONFLICT_ACK", { conflict_id: conflictId, ack_type: "seen" }));
    assert.equal(answer.message_type, "CONFLICT_ACK");
  });
  await smoke.step("bo, a contributor, may not decide it", async () => {
    const answer = await bo.outcome(
      bo.send("RESOLUTION", { conflict_id: conflictId, decision: "approved", rationale: "mine", outcome: { rejected: [intentId] } }),
    );
    assert.deepEqual([answer.message_type, answer.payload?.["error_code"]], ["PROTOCOL_ERROR", "AUTHORIZATION_FAILED"]);
  });
  await smoke.step("resolve_conflict through the bridge is refused as well, with what to do", async () => {
    const { structured, isError, text } = await host.call("resolve_conflict", {
      conflict_id: conflictId,
      decision: "approved",
      rationale: "mine",
    });
    assert.deepEqual([isError, structured["code"]], [true, "PRINCIPAL_NO_AUTHORITY"]);
    assert.match(text, /^Next: /m);
  });
  await smoke.step("escalate_conflict goes to the one arbiter, and everybody hears it", async () => {
    const { structured } = await host.call("escalate_conflict", { conflict_id: conflictId, reason: "we both need this file" });
    assert.equal(structured["status"], "ok");
    const heard = await cy.frame("the escalation", (frame) => frame.message_type === "CONFLICT_ESCALATE");
    assert.deepEqual([heard.payload?.["conflict_id"], heard.payload?.["reason"]], [conflictId, "we both need this file"]);
    const summary = await askSummary(uri);
    assert.deepEqual(
      (summary["open_conflicts"] as Members[]).map((conflict) => conflict["state"]),
      ["ESCALATED"],
    );
  });
  await smoke.step("cy decides for bo, and the bridge's task ends", async () => {
    const answer = await cy.outcome(
      cy.send("RESOLUTION", {
        resolution_id: "resolution-1",
        conflict_id: conflictId,
        decision: "human_override",
        rationale: "bo was first",
        outcome: { accepted: ["intent-bo"], rejected: [intentId] },
      }),
    );
    assert.equal(answer.message_type, "RESOLUTION");
    const withdrawn = await bo.frame(
      "the end of the rejected task",
      (frame) => frame.message_type === "INTENT_WITHDRAW" && frame.payload?.["intent_id"] === intentId,
    );
    assert.equal(withdrawn.payload?.["reason"], "resolution_rejected");
    const summary = await askSummary(uri);
    assert.deepEqual(
      [summary["open_conflict_count"], (summary["active_intents"] as Members[]).map((intent) => intent["intent_id"])],
      [0, ["intent-bo"]],
    );
  });
  await smoke.step("a second decision comes too late", async () => {
    const answer = await cy.outcome(cy.send("RESOLUTION", { conflict_id: conflictId, decision: "dismissed", rationale: "again" }));
    assert.equal(answer.payload?.["error_code"], "RESOLUTION_CONFLICT");
  });
  await smoke.step("the bridge's agent hears that its task was ended, and may not announce the file again at once", async () => {
    const { text } = await host.call("who_is_working");
    assert.match(text, /was rejected when a conflict about it was resolved/);
    assert.match(text, /was decided by cy: human_override \("bo was first"\)/);
    const { structured, isError } = await host.call("begin_task", { objective: "again", files: FILES, on_overlap: "proceed" });
    assert.deepEqual([isError, structured["code"]], [true, "INTENT_BACKOFF"]);
    assert.ok(me !== "");
  });
  await smoke.step("another file is free to begin", async () => {
    const { structured } = await host.call("begin_task", { objective: "something else", files: ["src/other.ts"] });
    assert.equal(structured["status"], "ok");
  });
});
