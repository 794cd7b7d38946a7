/**
 * Smoke: the sidecar is killed with -9 in the middle of everything that can be pending, and the next one goes on where it was:
 * intents, a conflict, a deferral, a claim, a proposal, with the epoch one higher and `recovered` said to all.
 */
import assert from "node:assert/strict";
import { askSummary, connectMpac, type Members, type MpacClient } from "./support/mpac-client.ts";
import { killOutright } from "./support/processes.ts";
import { scratchFolder } from "./support/scratch.ts";
import { startSidecarOf } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";

const file = (path: string) => ({ kind: "file_set", resources: [path] });

async function announce(client: MpacClient, id: string, path: string, more: Members = {}): Promise<void> {
  const answer = await client.outcome(
    client.send("INTENT_ANNOUNCE", { intent_id: id, objective: `do ${id}`, scope: file(path), ttl_sec: 3_600, ...more }),
  );
  assert.equal(answer.message_type, "INTENT_ANNOUNCE", JSON.stringify(answer.payload));
}

/** What must be the same before and after. */
async function standing(uri: string): Promise<Members> {
  const { active_intents, open_conflicts } = await askSummary(uri);
  const brief = (all: unknown, names: readonly string[]) =>
    (all as Members[]).map((one) => names.map((name) => one[name])).toSorted((a, b) => String(a).localeCompare(String(b)));
  return {
    intents: brief(active_intents, ["intent_id", "principal_id", "state"]),
    conflicts: brief(open_conflicts, ["conflict_id", "state", "intent_a", "intent_b"]),
  };
}

const epochOf = (info: Members): number => Number(info["coordinator_epoch"]);
const lamportOf = (info: Members): number => Number((info["watermark"] as Members)["value"]);

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  const sidecar = smoke.own(await startSidecarOf(scratch, workspace));
  const { uri } = sidecar;

  const clients = await smoke.step("ana, bo, cy and dee join, and dee leaves her work behind", async () => {
    const joined: Record<string, MpacClient> = {};
    for (const name of ["ana", "bo", "cy", "dee"]) {
      joined[name] = await connectMpac(uri, name, { instance: `${name}:1` });
      await joined[name].join({ roles: name === "cy" ? ["arbiter"] : ["contributor"] });
    }
    await announce(joined["dee"] as MpacClient, "intent-dee", "lib/dee.ts");
    joined["dee"]?.send("GOODBYE", { reason: "user_exit", intent_disposition: "transfer" });
    return joined as Record<"ana" | "bo" | "cy" | "dee", MpacClient>;
  });
  const { ana, bo, cy } = clients;
  const before = await smoke.step("an acknowledged conflict, a deferral, a proposal, a commit and a claim are pending", async () => {
    await announce(ana, "intent-ana", "src/shared.ts");
    await announce(bo, "intent-bo", "src/shared.ts", { extensions: { signalbox: { on_overlap: "proceed" } } });
    const report = await ana.frame("the conflict", (frame) => frame.message_type === "CONFLICT_REPORT");
    await ana.outcome(ana.send("CONFLICT_ACK", { conflict_id: report.payload?.["conflict_id"], ack_type: "seen" }));
    cy.send("INTENT_DEFERRED", {
      deferral_id: "deferral-cy",
      scope: file("src/shared.ts"),
      reason: "waits",
      observed_intent_ids: ["intent-ana"],
      observed_principals: ["ana"],
      ttl_sec: 3_600,
    });
    await bo.frame("the deferral", (frame) => frame.message_type === "INTENT_DEFERRED");
    ana.send("OP_PROPOSE", { op_id: "op-proposed", target: "src/shared.ts", op_kind: "replace", intent_id: "intent-ana" });
    await bo.frame("the proposal", (frame) => frame.message_type === "OP_PROPOSE");
    await ana.outcome(
      ana.send("OP_COMMIT", {
        op_id: "op-1",
        intent_id: "intent-ana",
        target: "src/shared.ts",
        op_kind: "replace",
        state_ref_before: null,
        state_ref_after: "sha256:0123456789abcdef",
      }),
    );
    return standing(uri);
  });
  const known = await smoke.step("bo reads the epoch and the clock, and claims dee's work in the moment of the kill", async () => {
    const info = await connectMpac(uri, "reader");
    const joined = await info.join();
    await info[Symbol.asyncDispose]();
    bo.send("INTENT_CLAIM", {
      claim_id: "claim-bo",
      original_intent_id: "intent-dee",
      original_principal_id: "dee",
      new_intent_id: "intent-claimed",
      objective: "finish it",
      scope: file("lib/dee.ts"),
    });
    await ana.frame("the claim", (frame) => frame.message_type === "INTENT_CLAIM");
    await killOutright(sidecar.pid);
    await Promise.all([ana.closed, bo.closed, cy.closed]);
    return { epoch: epochOf(joined), lamport: lamportOf(joined) };
  });

  const next = await smoke.step("the next sidecar has all of it, one epoch later, and its clock goes on", async () => {
    const started = smoke.own(await startSidecarOf(scratch, workspace));
    const after = await standing(started.uri);
    assert.deepEqual(after["conflicts"], before["conflicts"]);
    assert.deepEqual(after["intents"], before["intents"]);
    return started;
  });
  const back = await smoke.step("who re-joins with its instance is told the epoch, and that the coordinator has recovered", async () => {
    const again = smoke.own(await connectMpac(next.uri, "bo", { instance: "bo:1" }));
    const info = await again.join();
    assert.equal(epochOf(info), known.epoch + 1);
    assert.ok(lamportOf(info) > known.lamport, `${lamportOf(info)} is above ${known.lamport}`);
    const status = await again.frame(
      "the recovery",
      (frame) => frame.message_type === "COORDINATOR_STATUS" && frame.payload?.["event"] === "recovered",
    );
    assert.equal(status["coordinator_epoch"], known.epoch + 1);
    return again;
  });
  await smoke.step("the claim that was pending is still there for an arbiter to approve", async () => {
    const arbiter = smoke.own(await connectMpac(next.uri, "cy", { instance: "cy:1" }));
    await arbiter.join({ roles: ["arbiter"] });
    arbiter.send("INTENT_CLAIM", { claim_id: "claim-bo", extensions: { signalbox: { decision: "approved" } } });
    const word = await back.frame("the word on the claim", (frame) => frame.message_type === "INTENT_CLAIM_STATUS");
    assert.deepEqual(
      [word.payload?.["claim_id"], word.payload?.["decision"], word.payload?.["approved_by"]],
      ["claim-bo", "approved", "cy"],
    );
  });
  await smoke.step("ana's withdrawal ends what hung on her: the deferral resolves, the proposal is rejected", async () => {
    const again = smoke.own(await connectMpac(next.uri, "ana", { instance: "ana:1" }));
    await again.join();
    await again.outcome(again.send("INTENT_WITHDRAW", { intent_id: "intent-ana", reason: "task_completed" }));
    const resolved = await back.frame(
      "the deferral's end",
      (frame) => frame.message_type === "INTENT_DEFERRED" && frame.payload?.["status"] === "resolved",
    );
    assert.equal(resolved.payload?.["deferral_id"], "deferral-cy");
    const rejected = await back.frame("the proposal's end", (frame) => frame.message_type === "OP_REJECT");
    assert.deepEqual([rejected.payload?.["op_id"], rejected.payload?.["reason"]], ["op-proposed", "intent_terminated"]);
  });
  await smoke.step("a message that was taken before the kill is not taken twice", async () => {
    const again = smoke.own(await connectMpac(next.uri, "eve"));
    await again.join();
    const answer = await again.outcome(
      again.send("OP_COMMIT", {
        op_id: "op-1",
        target: "src/shared.ts",
        op_kind: "replace",
        state_ref_before: null,
        state_ref_after: "sha256:ffffffffffffffff",
      }),
    );
    assert.equal(answer.message_type, "PROTOCOL_ERROR");
  });
});
