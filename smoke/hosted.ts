/**
 * Smoke: one hosted sidecar with a certificate of its own, two sessions and their tokens. Nobody gets across, no name changes
 * hands, no message counts twice, before a kill and after it, and no token is on any disk.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { decidedAgain } from "./support/decided-again.ts";
import { connectMpac, type Members, type MpacClient, type MpacFrame } from "./support/mpac-client.ts";
import { type Program, startNode } from "./support/processes.ts";
import { launcher } from "./support/program.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { isFree } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";

const run = promisify(execFile);

const TOKENS = { ana: "token-of-ana-4711", bo: "token-of-bo-4712", cy: "token-of-cy-4713" };
const TABLE = JSON.stringify({
  [TOKENS.ana]: { allowed_sessions: ["red"], roles: ["owner"] },
  [TOKENS.bo]: { allowed_sessions: ["blue"], roles: ["contributor"] },
  [TOKENS.cy]: { allowed_sessions: ["red"], roles: ["contributor"] },
});
const HOSTED_PORT = 8766;

const credential = (value: string): Members => ({ credential: { type: "bearer_token", value } });
const codeOf = (frame: MpacFrame): unknown => frame.payload?.["error_code"];

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const store = join(scratch.folder, "store");

  await smoke.step("without tokens it is not reached from elsewhere, and says what to do", async () => {
    assert.match(await refusal(scratch, ["--host", "0.0.0.0"]), /everybody who reaches 0\.0\.0\.0 .* MPAC_TOKEN_TABLE/);
  });
  await smoke.step("a table that is broken is refused, and no token is said", async () => {
    const said = await refusal(scratch, [], { MPAC_TOKEN_TABLE: `{"${TOKENS.ana}": "red"}` });
    assert.match(said, /MPAC_TOKEN_TABLE cannot be used: entry 1/);
    assert.ok(!said.includes(TOKENS.ana), said);
  });
  await smoke.step("signatures, a workspace, one session's name: each is refused with its sentence", async () => {
    assert.match(await refusal(scratch, ["--security-profile", "verified"]), /not in this release, because no known client uses them/);
    assert.match(await refusal(scratch, ["--workspace", scratch.folder]), /none of its own; leave --workspace out/);
    assert.match(await refusal(scratch, ["--session-id", "red"]), /from the URL .*; leave --session-id out/);
  });

  const [cert, key] = [join(scratch.folder, "cert.pem"), join(scratch.folder, "key.pem")];
  const certify = async (): Promise<Buffer> => {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert, ...subject];
    await run("openssl", made, { env: scratch.env });
    return readFile(cert);
  };
  let ca = await smoke.step("a certificate is made on the spot", certify);
  const table = join(scratch.folder, "tokens.json");
  await writeFile(table, TABLE);
  const said: string[] = [];
  const start = async (): Promise<{ readonly program: Program; readonly at: string }> => {
    const flags = ["--port", "0", "--store", store, "--tls", "--tls-cert", cert, "--tls-key", key];
    const program = smoke.own(hosted(scratch, flags, { MPAC_TOKEN_TABLE_FILE: table }));
    const clients = await program.stdout.next((line) => line.trim().startsWith("clients"));
    said.push(...program.stdout.all);
    void program.exited.then(() => said.push(...program.stderr.all));
    return { program, at: /wss:\/\/[^/]+/.exec(clients)?.[0] ?? "" };
  };

  const first = await smoke.step("it comes up and says where, how, and for whom", async () => {
    const started = await start();
    const banner = said.join("\n");
    for (const part of [
      /bind +127\.0\.0\.1:\d+/,
      /mode +multi-session, TLS by itself/,
      /profile +authenticated/,
      /verifier +token table, 3 entries/,
    ])
      assert.match(banner, part);
    return started;
  });
  let { at } = first;
  const connect = async (session: string, principal: string, token?: string): Promise<MpacClient> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return smoke.own(await connectMpac(`${at}/session/${session}`, principal, { ca, headers }));
  };

  const ana = await connect("red", "ana");
  const bo = await connect("blue", "bo", TOKENS.bo);
  await smoke.step("ana joins red by HELLO, bo joins blue by the header of the handshake, each with the roles of its token", async () => {
    const [toAna, toBo] = [await ana.join(credential(TOKENS.ana)), await bo.join()];
    assert.deepEqual([toAna.payload?.["session_id"], toAna.payload?.["granted_roles"]], ["red", ["owner"]]);
    assert.deepEqual([toBo.payload?.["session_id"], toBo.payload?.["granted_roles"]], ["blue", ["contributor"]]);
    assert.deepEqual([toAna.payload?.["identity_verified"], toAna.payload?.["identity_method"]], [true, "bearer_token"]);
  });
  const stranger = await connect("red", "bo");
  await smoke.step("bo's token does not open red, nor does none; its question is not answered", async () => {
    for (const payload of [credential(TOKENS.bo), {}]) {
      assert.equal(codeOf(await stranger.outcome(stranger.send("HELLO", payload))), "CREDENTIAL_REJECTED");
    }
    stranger.sendRaw({ type: "SESSION_SUMMARY" });
    await stranger.frame("a refusal", (frame) => codeOf(frame) === "INVALID_REFERENCE");
  });
  const announced = await smoke.step("ana announces and commits in red; neither bo nor the stranger hears a word", async () => {
    const scope = { kind: "file_set", resources: ["plan.md"] };
    const id = ana.send("INTENT_ANNOUNCE", { intent_id: "intent-ana", objective: "write the plan", scope, ttl_sec: 900 });
    assert.equal((await ana.outcome(id)).message_type, "INTENT_ANNOUNCE");
    const content = { content: "red plan\n", state_ref_before: null };
    const refs = { state_ref_before: null, state_ref_after: "sha256:0" };
    const commit = { op_id: "op-ana", intent_id: "intent-ana", target: "plan.md", op_kind: "insert", ...refs };
    assert.equal((await ana.outcome(ana.send("OP_COMMIT", { ...commit, file_changes: { "plan.md": content } }))).message_type, "OP_COMMIT");
    for (const other of [bo, stranger]) {
      await other.outcome(other.send("CONFLICT_ACK", { conflict_id: "none" }));
      assert.ok(!JSON.stringify(other.frames).includes("intent-ana"), other.principal);
    }
    return { id, scope };
  });
  await smoke.step("the file is ana's session's: red reads it, blue has none", async () => {
    ana.sendRaw({ type: "FILE_READ", path: "plan.md" });
    bo.sendRaw({ type: "FILE_READ", path: "plan.md" });
    assert.equal((await ana.frame("the file", ({ type }) => type === "FILE_CONTENT"))["content"], "red plan\n");
    await bo.frame("that there is none", ({ type }) => type === "FILE_ERROR");
  });
  const againstThief = async (): Promise<void> => {
    const thief = await connect("red", "ana");
    assert.equal(codeOf(await thief.outcome(thief.send("HELLO", credential(TOKENS.cy)))), "AUTHORIZATION_FAILED");
  };
  const againstReplay = async (client: MpacClient): Promise<void> => {
    const again = { intent_id: "intent-again", scope: announced.scope };
    const before = client.frames.length;
    client.send("INTENT_ANNOUNCE", again, { message_id: announced.id });
    await client.frame("REPLAY_DETECTED", (frame) => client.frames.indexOf(frame) >= before && codeOf(frame) === "REPLAY_DETECTED");
    const old = client.send("INTENT_ANNOUNCE", again, { ts: new Date(Date.now() - 600_000).toISOString() });
    assert.equal(codeOf(await client.outcome(old)), "REPLAY_DETECTED");
  };
  await smoke.step("cy's token opens red, and not the name of ana", async () => {
    const cy = await connect("red", "cy");
    await cy.join(credential(TOKENS.cy));
    await againstThief();
  });
  await smoke.step("whoever reads its discovery file reads its log, TLS or not, while it runs", async () => {
    const { stdout } = await run(process.execPath, [launcher("signalbox"), "audit", "verify", "--store", store, "--json"], {
      env: scratch.env,
    });
    assert.match(stdout, /"red\/session"/);
    const transcript = ["transcript", "--store", store, "--session", "red"];
    const { stdout: written } = await run(process.execPath, [launcher("signalbox"), ...transcript], { env: scratch.env });
    assert.match(written, /intent-ana/);
  });
  await smoke.step("a message that was sent before does not count again, nor one of ten minutes ago", () => againstReplay(ana));

  await smoke.step("SIGHUP shows newcomers another certificate, and sends away whose token is gone, and nobody else", async () => {
    const cy = await connect("red", "cy#2", TOKENS.cy);
    await cy.join();
    ca = await certify();
    await writeFile(table, JSON.stringify({ ...(JSON.parse(TABLE) as Members), [TOKENS.cy]: undefined }));
    first.program.kill("SIGHUP");
    await first.program.stderr.next((line) => line.includes("were read again"));
    assert.equal((await cy.closed).code, 1008);
    const late = await connect("red", "cy");
    assert.equal(codeOf(await late.outcome(late.send("HELLO", credential(TOKENS.cy)))), "CREDENTIAL_REJECTED");
    await ana.outcome(ana.send("CONFLICT_ACK", { conflict_id: "none" }));
    await writeFile(table, TABLE);
    first.program.kill("SIGHUP");
    await first.program.stderr.next((line) => line.includes("were read again"));
  });
  const second = await smoke.step("the sidecar is killed with -9, and the next one knows all of it", async () => {
    first.program.kill("SIGKILL");
    await first.program.exited;
    const next = await start();
    at = next.at;
    await againstThief();
    const back = await connect("red", "ana");
    await back.join(credential(TOKENS.ana));
    await againstReplay(back);
    back.sendRaw({ type: "SESSION_SUMMARY" });
    const { session } = (await back.frame("the summary", ({ type }) => type === "SESSION_SUMMARY_RESPONSE")) as { session?: unknown };
    assert.match(JSON.stringify(session), /"intent_id":"intent-ana"/);
    return next.program;
  });
  await smoke.step("its log, decided once more, comes out the same, session by session", async () => {
    second.kill("SIGTERM");
    assert.deepEqual(await second.exited, { code: 0, signal: null });
    const counts = [await decidedAgain(join(store, "log.db"), "red"), await decidedAgain(join(store, "log.db"), "blue")];
    assert.ok(
      counts.every((count) => count > 0),
      String(counts),
    );
    return `${counts.join(" and ")} records`;
  });
  await smoke.step("no token is in the store, in a log or in what was said", async () => {
    const names = await readdir(store, { recursive: true });
    const bytes = await Promise.all(names.map((name) => readFile(join(store, name), "latin1").catch(() => "")));
    const everything = [...bytes, ...said].join("\n");
    assert.match(everything, /ParticipantJoined/);
    for (const token of Object.values(TOKENS)) assert.ok(!everything.includes(token), "a token was found");
  });

  const free = await isFree(HOSTED_PORT);
  await smoke.step(free ? "without a port it listens on 8766" : "without a port it wants 8766, which is taken, and says so", async () => {
    const program = smoke.own(hosted(scratch, ["--store", join(scratch.folder, "second")]));
    if (free) await program.stdout.next((line) => line.includes(`ws://127.0.0.1:${HOSTED_PORT}/session/<id>`));
    else await program.stderr.next((line) => line.includes(`port ${HOSTED_PORT} is taken`));
    program.kill("SIGTERM");
    const { code } = await program.exited;
    assert.equal(code, free ? 0 : 5);
  });
});

function hosted(scratch: Scratch, flags: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  return startNode([launcher("signalbox"), "sidecar", "--multi-session", ...flags], {
    cwd: scratch.folder,
    env: { ...scratch.env, ...env },
  });
}

/** What a hosted sidecar says that does not start. */
async function refusal(scratch: Scratch, flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  await using program = hosted(scratch, flags, env);
  assert.deepEqual(await program.exited, { code: 2, signal: null });
  return program.stderr.all.join("\n");
}
