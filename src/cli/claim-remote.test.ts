/** `signalbox claim` where the session is elsewhere: at a hosted sidecar that the environment names, with a token or without. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startHosted } from "../app/hosted.ts";
import { createSessionClient, type SessionClient } from "../client/session-client.ts";
import { readHostedConfig } from "../config.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";
import { CONTROL } from "../wire/versions.ts";
import { EXIT } from "./exit-codes.ts";
import { signalbox } from "./program.test.fixture.ts";

const TABLE = {
  "token-of-bo": { allowed_sessions: ["red"], roles: ["contributor"] },
  "token-of-cy": { allowed_sessions: ["red"], roles: ["contributor"] },
  "token-of-dee": { allowed_sessions: ["red"], roles: ["owner"] },
  "token-for-blue": { allowed_sessions: ["blue"], roles: ["owner"] },
};

/** A hosted sidecar whose claims wait for an owner, where bo has left a task in `red` that cy claims. */
async function claimed({ folder }: Scratch) {
  const env = { MPAC_TOKEN_TABLE: JSON.stringify(TABLE), MPAC_SESSION_POLICY: '{"compliance":"governance"}' };
  const config = readHostedConfig({ multiSession: true, port: "0", store: join(folder, "store") }, env);
  const sidecar = await startHosted(config, await hostedStore(config.store), createLog("silent"));
  const base = `ws://127.0.0.1:${sidecar.port}`;
  const uri = `${base}/session/red`;
  const client = (principalId: string, token: string): SessionClient =>
    createSessionClient({ principalId, control: CONTROL, locate: () => Promise.resolve({ uri, token }) });
  const bo = client("bo", "token-of-bo");
  await bo.send("INTENT_ANNOUNCE", { intent_id: "intent-bo", objective: "rework", scope: { kind: "file_set", resources: ["src/app.ts"] } });
  await bo.close("transfer");
  const cy = client("cy", "token-of-cy");
  const ids = { claim_id: "claim-1", original_intent_id: "intent-bo", new_intent_id: "intent-cy" };
  await cy.send("INTENT_CLAIM", { ...ids, objective: "finish it" });
  return {
    base,
    uri,
    async stateOf(id: string): Promise<string | undefined> {
      const answer = await cy.query({ kind: "intent", intent_id: id });
      return answer.kind === "intent" ? answer.intent?.state : undefined;
    },
    async names(): Promise<readonly string[]> {
      const answer = await cy.query({ kind: "summary" });
      return answer.kind === "summary" ? answer.participants.map(({ principal_id }) => principal_id) : [];
    },
    async [Symbol.asyncDispose]() {
      await cy[Symbol.asyncDispose]();
      await sidecar[Symbol.asyncDispose]();
    },
  };
}

const say = (scratch: Scratch, env: NodeJS.ProcessEnv, ...args: string[]) =>
  signalbox({ ...scratch, env: { ...scratch.env, ...env } }, "claim", ...args);

it("approves a claim at the coordinator that is named, and is gone again afterwards", async () => {
  await using scratch = await scratchFolder();
  await using hosted = await claimed(scratch);
  const env = { MPAC_COORDINATOR_URL: hosted.base, MPAC_SESSION_ID: "red", MPAC_COORDINATOR_TOKEN: "token-of-dee" };

  const said = await say(scratch, env, "claim-1", "approve", "--as", "dee");

  expect(said).toEqual({ code: 0, stdout: "Approved: cy goes on with intent-bo of bo as intent-cy, said as dee.\n", stderr: "" });
  expect([await hosted.stateOf("intent-bo"), await hosted.stateOf("intent-cy")]).toEqual(["TRANSFERRED", "ACTIVE"]);
  expect(await hosted.names()).toEqual(["cy"]);
});

it("rejects under the name of git's user, with a session that the address names, and starts no sidecar here", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await scratch.git(repo, "config", "user.name", "Dee Young");
  await using hosted = await claimed(scratch);
  const env = { MPAC_COORDINATOR_URL: hosted.uri, MPAC_COORDINATOR_TOKEN: "token-of-dee" };

  const said = await say(scratch, env, "claim-1", "reject", "--reason", "bo is back on Monday", "--json", "--workspace", repo);

  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(said.stdout)).toMatchObject({ decision: "rejected", reason: "bo is back on Monday", decided_by: "person:dee-young" });
  expect(await hosted.stateOf("intent-bo")).toBe("SUSPENDED");
  expect(await scratch.git(repo, "status", "--porcelain", "--ignored")).toBe("");
});

it.each([
  {
    name: "a token that makes nobody an owner",
    token: "token-of-cy",
    as: "eve",
    exit: EXIT.failed,
    says: /is decided by an owner or arbiter other than cy/,
  },
  {
    name: "a token of another session",
    token: "token-for-blue",
    as: "eve",
    exit: EXIT.unreachable,
    says: /for the session red .*set MPAC_COORDINATOR_TOKEN/,
  },
  {
    name: "a token of nobody",
    token: "token-of-nobody",
    as: "eve",
    exit: EXIT.unreachable,
    says: /for the session red .*set MPAC_COORDINATOR_TOKEN/,
  },
  { name: "no token", token: "", as: "eve", exit: EXIT.unreachable, says: /for the session red .*set MPAC_COORDINATOR_TOKEN/ },
  { name: "the name of another", token: "token-of-dee", as: "bo", exit: EXIT.failed, says: /bo belongs to another token/ },
])("decides nothing with $name, and says why", async ({ token, as, exit, says }) => {
  await using scratch = await scratchFolder();
  await using hosted = await claimed(scratch);
  const env = { MPAC_COORDINATOR_URL: hosted.uri, MPAC_COORDINATOR_TOKEN: token };

  const said = await say(scratch, env, "claim-1", "approve", "--as", as);

  expect(said).toMatchObject({ code: exit, stdout: "" });
  expect(said.stderr).toMatch(says);
  expect(said.stderr).not.toMatch(/token-(of|for)-/);
  expect(await hosted.stateOf("intent-bo")).toBe("SUSPENDED");
});

it("says what to look at where nobody answers, and what a right address looks like", async () => {
  await using scratch = await scratchFolder();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));

  const silent = await say(scratch, { MPAC_COORDINATOR_URL: `ws://127.0.0.1:${port}/session/red` }, "claim-1", "approve");
  const wrong = await say(scratch, { MPAC_COORDINATOR_URL: "http://127.0.0.1/session/red" }, "claim-1", "approve");

  expect(silent).toMatchObject({ code: EXIT.unreachable, stdout: "" });
  expect(silent.stderr).toMatch(/cannot be reached .*that MPAC_COORDINATOR_URL names it/);
  expect(wrong.code).toBe(EXIT.usage);
  expect(wrong.stderr).toMatch(/write wss:\/\/host\/session\/<id>/);
});
