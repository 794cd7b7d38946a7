/**
 * Smoke: a change is submitted against the state it was built on, a stale one is refused and the file left alone; once
 * through the older SDK's client, once in lines of the 2026-07-28 era.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startHost } from "./support/mcp-host.ts";
import { rpcLines } from "./support/mcp-lines.ts";
import type { Members } from "./support/mpac-client.ts";
import { launcher } from "./support/program.ts";
import { startNode } from "./support/processes.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { runSmoke, type Smoke } from "./support/steps.ts";

const refOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

type Call = (tool: string, args: Members) => Promise<Members>;

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  await writeFile(join(workspace, "signalbox-smoke.txt"), "one\n");
  await scratch.git(workspace, "add", "signalbox-smoke.txt");
  await scratch.git(workspace, "commit", "-q", "-m", "a file to change");

  smoke.say("through the older SDK's client (2025-11-25):");
  const host = smoke.own(await startHost({ name: "ana-client", cwd: workspace, env: scratch.env }));
  await commit(smoke, scratch, workspace, async (tool, args) => (await host.call(tool, args)).structured);

  smoke.say("in lines of the 2026-07-28 era:");
  const program = smoke.own(
    startNode([launcher("signalbox"), "mcp"], { cwd: workspace, env: { ...scratch.env, MPAC_PRINCIPAL_ID: "ana-lines" } }),
  );
  const lines = rpcLines(program);
  await smoke.step("server/discover names the era, and tools/list may be kept", async () => {
    const discovered = await lines.ask("server/discover");
    assert.ok(((discovered.result?.["supportedVersions"] ?? []) as string[]).includes("2026-07-28"), JSON.stringify(discovered));
    const listed = await lines.ask("tools/list");
    assert.ok(Number(listed.result?.["ttlMs"]) > 0, JSON.stringify(listed.result?.["ttlMs"]));
  });
  await scratch.git(workspace, "checkout", "-q", "--", "signalbox-smoke.txt");
  await commit(smoke, scratch, workspace, (tool, args) => lines.call(tool, args));
  await smoke.step("the bridge ends when its stdin closes, and stdout carried nothing but MCP", async () => {
    program.end();
    assert.deepEqual(await program.exited, { code: 0, signal: null });
    for (const line of program.stdout.all) assert.equal((JSON.parse(line) as Members)["jsonrpc"], "2.0");
  });
});

async function commit(smoke: Smoke, scratch: Scratch, workspace: string, call: Call): Promise<void> {
  const target = "signalbox-smoke.txt";
  const read = (): Promise<Buffer> => readFile(join(workspace, target));

  const intentId = await smoke.step("begin_task over one file", async () => {
    const begun = await call("begin_task", { objective: "change one file", files: [target] });
    assert.equal(begun["status"], "ok");
    return String(begun["intent_id"]);
  });
  const before = await smoke.step("get_file_state gives the hash of the file's bytes", async () => {
    const derived = refOf(await read());
    const state = await call("get_file_state", { path: target });
    assert.deepEqual([state["status"], state["state_ref"], state["content"]], ["ok", derived, "one\n"]);
    return derived;
  });
  await smoke.step("submit_change with the derived state_ref_before writes the file", async () => {
    const submitted = await call("submit_change", { intent_id: intentId, target, content: "two\n", state_ref_before: before });
    assert.equal(submitted["status"], "success");
    assert.equal((await read()).toString(), "two\n");
    assert.equal(submitted["state_ref_after"], refOf(await read()));
    assert.equal(await scratch.git(workspace, "status", "--porcelain"), ` M ${target}`);
  });
  await smoke.step("get_file_state shows the new state", async () => {
    assert.equal((await call("get_file_state", { path: target }))["state_ref"], refOf(Buffer.from("two\n")));
  });
  await smoke.step("a second submit on the old state is stale, and the file is untouched", async () => {
    const submitted = await call("submit_change", { intent_id: intentId, target, content: "three\n", state_ref_before: before });
    assert.equal(submitted["status"], "stale");
    assert.equal(submitted["current_state_ref"], refOf(Buffer.from("two\n")));
    assert.equal((await read()).toString(), "two\n");
    assert.equal(await scratch.git(workspace, "status", "--porcelain"), ` M ${target}`);
  });
  await smoke.step("yield_task ends the task", async () => {
    assert.equal((await call("yield_task", { intent_id: intentId }))["status"], "ok");
    const { active_intent_count } = await call("who_is_working", {});
    assert.equal(active_intent_count, 0);
  });
}
