/**
 * Smoke: somebody leaves in the middle of its work, and another goes on with it. Leave with `transfer`, suspended, take over,
 * active; and an owner who comes back in time keeps what is its own.
 */
import assert from "node:assert/strict";
import { askSummary, connectMpac, type Members } from "./support/mpac-client.ts";
import { startHost } from "./support/mcp-host.ts";
import { scratchFolder } from "./support/scratch.ts";
import { runSmoke } from "./support/steps.ts";

const FILES = ["src/shared.ts", "src/types.ts"];

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  const host = smoke.own(await startHost({ name: "ana-client", cwd: workspace, env: scratch.env }));
  const { structured: first } = await host.call("who_is_working");
  const uri = String(first["sidecar_uri"]);

  const intents = async (): Promise<unknown[][]> =>
    ((await askSummary(uri))["active_intents"] as Members[]).map((intent) => [
      intent["intent_id"],
      intent["state"],
      intent["principal_id"],
    ]);

  await smoke.step("bo announces two files and leaves with transfer", async () => {
    await using bo = await connectMpac(uri, "bo");
    await bo.join();
    const scope = { kind: "file_set", resources: FILES };
    await bo.outcome(bo.send("INTENT_ANNOUNCE", { intent_id: "intent-bo", objective: "rework the shared types", scope, ttl_sec: 3_600 }));
    bo.send("GOODBYE", { reason: "user_exit", active_intents: ["intent-bo"], intent_disposition: "transfer" });
    const cy = smoke.own(await connectMpac(uri, "onlooker"));
    await cy.join();
    assert.deepEqual(await intents(), [["intent-bo", "SUSPENDED", "bo"]]);
  });
  await smoke.step("who_is_working shows it as suspended", async () => {
    const { text } = await host.call("who_is_working");
    assert.match(text, /intent-bo.*SUSPENDED/);
  });
  await smoke.step("a file that it does not hold is not to be had by claiming", async () => {
    const { structured } = await host.call("take_over_task", {
      original_intent_id: "intent-bo",
      new_objective: "more",
      files: ["README.md"],
    });
    assert.equal(structured["status"], "error");
  });
  const taken = await smoke.step("take_over_task takes one of the files, and the rest ends with the old task", async () => {
    const { structured, text } = await host.call("take_over_task", {
      original_intent_id: "intent-bo",
      original_principal_id: "bo",
      new_objective: "finish the shared types",
      files: ["src/shared.ts"],
      justification: "bo has left",
    });
    assert.deepEqual([structured["status"], structured["decision"]], ["ok", "approved"], text);
    const id = String(structured["new_intent_id"]);
    const [[intent, state] = []] = await intents();
    assert.deepEqual([intent, state], [id, "ACTIVE"]);
    return id;
  });
  await smoke.step("the change is submitted under the task that was taken over", async () => {
    const { structured: file } = await host.call("get_file_state", { path: "src/shared.ts" });
    const { structured } = await host.call("submit_change", {
      intent_id: taken,
      target: "src/shared.ts",
      content: "export const shared = 1;\n",
      state_ref_before: file["state_ref"],
    });
    assert.equal(structured["status"], "success");
  });
  await smoke.step("a second claim comes too late", async () => {
    const { structured } = await host.call("take_over_task", { original_intent_id: "intent-bo", new_objective: "again" });
    assert.equal(structured["status"], "rejected");
  });
  await smoke.step("an owner who comes back before the word is given keeps its task, and the claimer hears it", async () => {
    const away = await connectMpac(uri, "dee", { instance: "dee:1" });
    await away.join();
    const scope = { kind: "file_set", resources: ["lib/dee.ts"] };
    await away.outcome(away.send("INTENT_ANNOUNCE", { intent_id: "intent-dee", objective: "mine", scope, ttl_sec: 3_600 }));
    away.send("GOODBYE", { reason: "user_exit", intent_disposition: "transfer" });
    await away[Symbol.asyncDispose]();
    const claimer = smoke.own(await connectMpac(uri, "claimer"));
    await claimer.join();
    claimer.send("INTENT_CLAIM", {
      claim_id: "claim-1",
      original_intent_id: "intent-dee",
      original_principal_id: "dee",
      new_intent_id: "intent-claimed",
      objective: "theirs",
      scope,
    });
    const back = smoke.own(await connectMpac(uri, "dee", { instance: "dee:2" }));
    await back.join();
    const word = await claimer.frame("the word on the claim", (frame) => frame.message_type === "INTENT_CLAIM_STATUS");
    assert.deepEqual([word.payload?.["claim_id"], word.payload?.["decision"]], ["claim-1", "withdrawn"]);
    assert.deepEqual(
      (await intents()).find(([id]) => id === "intent-dee"),
      ["intent-dee", "ACTIVE", "dee"],
    );
  });
});
