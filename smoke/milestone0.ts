/** Smoke: one sidecar at the derived port, two MPAC clients over the same file, one conflict, and the race lock for a third. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { askSummary, type Members } from "./support/mpac-client.ts";
import { type Program, startNode } from "./support/processes.ts";
import { scratchFolder } from "./support/scratch.ts";
import { askHealth, derivedPort, derivedSession, isFree, startSidecarOf } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";

const DEMO_CLIENT = fileURLToPath(new URL("demo-client.ts", import.meta.url));
const TSX = import.meta.resolve("tsx");

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);

  const port = derivedPort(workspace);
  const free = await isFree(port);
  smoke.say(`derived port ${port} of ${workspace}: ${free ? "free" : "taken by another program"}`);

  const sidecar = await smoke.step("mpac-mcp-sidecar starts and says which workspace it serves", async () => {
    const started = smoke.own(await startSidecarOf(scratch, workspace));
    const health = await askHealth(started.port);
    assert.equal(health?.status, 200);
    assert.equal(health.body["workspace"], workspace);
    return started;
  });
  await smoke.step(free ? "it listens on the derived port" : "it listens on another port, since the derived one is taken", () => {
    assert.equal(sidecar.port === port, free, `port ${sidecar.port}`);
    return `port ${sidecar.port}`;
  });
  await smoke.step("its session has the name that the original tools derive", () => {
    assert.equal(sidecar.uri, `ws://127.0.0.1:${sidecar.port}/session/${derivedSession(workspace)}`);
  });

  const client = (principal: string, files: string, ...more: string[]): Program =>
    smoke.own(
      startNode(["--import", TSX, DEMO_CLIENT, "--uri", sidecar.uri, "--principal", principal, "--files", files, ...more], {
        cwd: scratch.folder,
        env: scratch.env,
      }),
    );

  const ana = client("ana", "src/main.py,src/shared.py", "--on-overlap", "proceed");
  await smoke.step("ana joins and announces src/main.py and src/shared.py", async () => {
    assert.equal((await said(ana, "announced"))["intent_id"], "intent-ana");
  });
  const bo = client("bo", "src/shared.py,docs/notes.md", "--on-overlap", "proceed");
  await smoke.step("bo announces src/shared.py too, with proceed, and is taken", async () => {
    assert.equal((await said(bo, "announced"))["intent_id"], "intent-bo");
  });
  await smoke.step("both are told of the conflict", async () => {
    const [toAna, toBo] = [await said(ana, "conflict"), await said(bo, "conflict")];
    assert.equal(toAna["conflict_id"], toBo["conflict_id"]);
    assert.deepEqual([toAna["principal_a"], toAna["principal_b"]].map(String).toSorted(), ["ana", "bo"]);
    assert.equal(toAna["category"], "scope_overlap");
  });
  await smoke.step("SESSION_SUMMARY shows 2 participants, 2 intents, 1 conflict", async () => {
    const { participant_count, active_intent_count, open_conflict_count } = await askSummary(sidecar.uri);
    assert.deepEqual(
      { participant_count, active_intent_count, open_conflict_count },
      { participant_count: 2, active_intent_count: 2, open_conflict_count: 1 },
    );
  });

  const cy = client("cy", "src/main.py");
  await smoke.step("cy announces src/main.py without proceed and is refused with STALE_INTENT", async () => {
    const refusal = await said(cy, "refused");
    assert.equal(refusal["error_code"], "STALE_INTENT");
    assert.equal(
      refusal["description"],
      "Files ['src/main.py'] are already being modified by intent intent-ana (principal ana). " +
        "Call defer_intent and tell the user to wait, or retry once the other intent has withdrawn.",
    );
  });
  await smoke.step("the refused announcement left nothing behind", async () => {
    const { active_intent_count, open_conflict_count } = await askSummary(sidecar.uri);
    assert.deepEqual({ active_intent_count, open_conflict_count }, { active_intent_count: 2, open_conflict_count: 1 });
  });
  await smoke.step("the clients leave, and the session is empty", async () => {
    for (const program of [ana, bo, cy]) {
      program.end();
      assert.deepEqual(await program.exited, { code: 0, signal: null });
    }
    const { active_intent_count, open_conflict_count } = await askSummary(sidecar.uri);
    assert.deepEqual({ active_intent_count, open_conflict_count }, { active_intent_count: 0, open_conflict_count: 0 });
  });
  await smoke.step("SIGTERM ends the sidecar cleanly", async () => {
    sidecar.program.kill("SIGTERM");
    assert.deepEqual(await sidecar.program.exited, { code: 0, signal: null });
  });
});

/** The next line of a demo client about `what`; another outcome of its announcement fails at once. */
async function said(program: Program, what: string): Promise<Members> {
  const line = await program.stdout.next((text) => [what, "announced", "refused"].includes((JSON.parse(text) as { what: string }).what));
  const { what: said, ...facts } = JSON.parse(line) as { what: string } & Members;
  assert.equal(said, what, `the client said ${line}`);
  return facts;
}
