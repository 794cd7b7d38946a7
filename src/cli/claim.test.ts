import { expect, it } from "vitest";
import { findPlace, type Sidecar, startSidecar } from "../app/sidecar.ts";
import { createSessionClient, type SessionClient } from "../client/session-client.ts";
import { readSidecarConfig } from "../config.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";
import { CONTROL } from "../wire/versions.ts";
import { EXIT } from "./exit-codes.ts";
import { signalbox } from "./program.test.fixture.ts";

/** A sidecar whose claims wait for an owner or arbiter. */
async function governed(repo: string): Promise<Sidecar> {
  const config = readSidecarConfig({ workspace: repo }, { MPAC_SESSION_POLICY: '{"compliance":"governance"}' });
  return startSidecar(config, await findPlace(config, repo), createLog("silent"));
}

const client = (principalId: string, uri: string): SessionClient =>
  createSessionClient({ principalId, control: CONTROL, locate: () => Promise.resolve({ uri }) });

/** bo has left a task behind, and cy claims it. */
async function claimed({ uri }: Sidecar): Promise<SessionClient> {
  const bo = client("bo", uri);
  await bo.send("INTENT_ANNOUNCE", { intent_id: "intent-bo", objective: "rework", scope: { kind: "file_set", resources: ["src/app.ts"] } });
  await bo.close("transfer");
  const cy = client("cy", uri);
  await cy.send("INTENT_CLAIM", {
    claim_id: "claim-1",
    original_intent_id: "intent-bo",
    new_intent_id: "intent-cy",
    objective: "finish it",
  });
  return cy;
}

const stateOf = async (asker: SessionClient, id: string): Promise<string | undefined> => {
  const answer = await asker.query({ kind: "intent", intent_id: id });
  return answer.kind === "intent" ? answer.intent?.state : undefined;
};

it("is what a person approves a claim with that status shows, and is gone again afterwards", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await governed(repo);
  await using cy = await claimed(sidecar);

  const shown = await signalbox(scratch, "status", "--workspace", repo);
  const said = await signalbox(scratch, "claim", "claim-1", "approve", "--as", "dee", "--workspace", repo);

  expect(shown.stdout).toMatch(
    /^Claim: cy asks for intent-bo of bo: src\/app\.ts .*"finish it" \(claim-1, an owner or arbiter decides\)\.$/m,
  );
  expect(said).toEqual({ code: 0, stdout: "Approved: cy goes on with intent-bo of bo as intent-cy, said as dee.\n", stderr: "" });
  expect([await stateOf(cy, "intent-bo"), await stateOf(cy, "intent-cy")]).toEqual(["TRANSFERRED", "ACTIVE"]);
  const summary = await cy.query({ kind: "summary" });
  expect(summary).toMatchObject({ participant_count: 1, participants: [{ principal_id: "cy" }] });
  expect(summary).not.toHaveProperty("claims");
});

it("rejects with a reason, under the name of git's user", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await scratch.git(repo, "config", "user.name", "Dee Young");
  await using sidecar = await governed(repo);
  await using cy = await claimed(sidecar);

  const said = await signalbox(scratch, "claim", "claim-1", "reject", "--reason", "bo is back on Monday", "--json", "--workspace", repo);

  expect(said.code).toBe(0);
  expect(JSON.parse(said.stdout)).toMatchObject({
    claim_id: "claim-1",
    decision: "rejected",
    reason: "bo is back on Monday",
    decided_by: "person:dee-young",
    claim: { principal_id: "cy", intent_id: "intent-bo" },
  });
  expect(await stateOf(cy, "intent-bo")).toBe("SUSPENDED");
});

it("fails with what waits, or why it was not decided like that", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await governed(repo);
  await using cy = await claimed(sidecar);

  const unknown = await signalbox(scratch, "claim", "claim-2", "approve", "--workspace", repo);
  await cy.send("INTENT_ANNOUNCE", { intent_id: "intent-cy", objective: "o", scope: { kind: "file_set", resources: ["other.ts"] } });
  const failed = await signalbox(scratch, "claim", "claim-1", "approve", "--workspace", repo);
  const late = await signalbox(scratch, "claim", "claim-1", "approve", "--json", "--workspace", repo);

  expect(unknown).toMatchObject({ code: EXIT.failed, stderr: "signalbox: there is no claim claim-2; these wait: claim-1\n" });
  expect(failed).toMatchObject({ code: EXIT.failed, stdout: "" });
  expect(failed.stderr).toContain("was rejected all the same: new_intent_id_taken");
  expect(late.code).toBe(EXIT.failed);
  expect(JSON.parse(late.stdout)).toMatchObject({ error: { code: "claim/not-pending" } });
});

it("says so where no sidecar runs, and starts none", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");

  const said = await signalbox(scratch, "claim", "claim-1", "approve", "--workspace", repo);

  expect(said).toMatchObject({ code: EXIT.unreachable, stdout: "" });
  expect(said.stderr).toContain("no sidecar runs for");
});
