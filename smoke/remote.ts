/**
 * Smoke: what `deploy/fly-coordinator` starts, as plain processes: Caddy with a certificate of its own before a hosted
 * sidecar, and bridges of two people, with a token each, in one session there.
 */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts, validate } from "./support/caddy.ts";
import { type McpHost, startHost } from "./support/mcp-host.ts";
import type { Members } from "./support/mpac-client.ts";
import { type Program, startNode, startProgram } from "./support/processes.ts";
import { launcher, PROJECT } from "./support/program.ts";
import { scratchFolder } from "./support/scratch.ts";
import { runSmoke } from "./support/steps.ts";
import { eventually, within } from "./support/wait.ts";

const DEPLOY = join(PROJECT, "deploy", "fly-coordinator");
const TOKENS = { ana: "token-of-ana-5f0c", bo: "token-of-bo-83d1", cy: "token-of-cy-c2b7" };
const TABLE = {
  [TOKENS.ana]: { allowed_sessions: ["team"], roles: ["contributor"] },
  [TOKENS.bo]: { allowed_sessions: ["team"], roles: ["contributor"] },
  [TOKENS.cy]: { allowed_sessions: ["elsewhere"], roles: ["contributor"] },
};
const FILES = ["src/shared.ts"];

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const hub = await scratch.copyOf(smoke.workspace, "hub");
  const clones = {
    ana: await scratch.copyOf(hub, "of-ana"),
    bo: await scratch.copyOf(hub, "of-bo"),
    cy: await scratch.copyOf(hub, "of-cy"),
  };
  const data = join(scratch.folder, "data");
  await mkdir(data);
  const [sidecarPort = 0, httpPort = 0, httpsPort = 0] = await freePorts(3);
  const hosting = {
    ...scratch.env,
    SIGNALBOX_DATA: data,
    SIGNALBOX_SITE: "localhost",
    SIGNALBOX_HTTP_PORT: String(httpPort),
    SIGNALBOX_HTTPS_PORT: String(httpsPort),
    MPAC_SIDECAR_PORT: String(sidecarPort),
  };
  const said: Program[] = [];
  const startHub = (env: NodeJS.ProcessEnv): Program => {
    const program = smoke.own(startProgram(join(DEPLOY, "start.sh"), [], { cwd: scratch.folder, env: { ...hosting, ...env } }));
    said.push(program);
    return program;
  };
  const uri = `wss://localhost:${httpsPort}/session/team`;
  const authority = join(data, "caddy", "pki", "authorities", "local", "root.crt");
  const variables = (token: string | undefined): NodeJS.ProcessEnv => ({
    ...scratch.env,
    NODE_EXTRA_CA_CERTS: authority,
    MPAC_COORDINATOR_URL: uri,
    ...(token === undefined ? {} : { MPAC_COORDINATOR_TOKEN: token }),
  });
  const hosts: McpHost[] = [];
  const bridgeOf = async (name: keyof typeof TOKENS, token: string | undefined = TOKENS[name]): Promise<McpHost> => {
    const env = { ...variables(token), MPAC_PRINCIPAL_ID: name };
    const host = smoke.own(await startHost({ name: `client-of-${name}`, cwd: clones[name], env }));
    hosts.push(host);
    return host;
  };

  await smoke.step("caddy takes the Caddyfile, for a public name and for plain HTTP", async () => {
    for (const site of ["hub.example.org", "http://:8080"])
      assert.match(
        await validate(join(DEPLOY, "Caddyfile"), { ...hosting, XDG_DATA_HOME: data, SIGNALBOX_SITE: site }),
        /Valid configuration/,
      );
  });
  await smoke.step("without a token table nothing starts, and one sentence says why", async () => {
    for (const table of [undefined, " ", "{}"]) {
      const program = startHub({ MPAC_TOKEN_TABLE: table });
      const { code } = await within("its refusal", program.exited);
      assert.ok(code !== null && code > 0, `exit code ${code}`);
      assert.match(program.stderr.all.join("\n"), /^signalbox: MPAC_TOKEN_TABLE /m);
    }
  });
  const started = await smoke.step("with one, the sidecar comes up behind Caddy, over TLS", async () => {
    const program = startHub({ MPAC_TOKEN_TABLE: JSON.stringify(TABLE) });
    await eventually("the certificate of Caddy's own authority", () => stat(authority).catch(() => undefined));
    return program;
  });

  const ana = await bridgeOf("ana");
  const bo = await bridgeOf("bo");
  const task = await smoke.step("ana's bridge joins through Caddy and begins a task", async () => {
    // Caddy and the sidecar may need a moment yet: a bridge waits for them.
    const { structured, text } = await ana.call("begin_task", { objective: "rework the shared types", files: FILES });
    assert.equal(structured["status"], "ok", text);
    assert.equal(structured["session_id"], "team");
    return String(structured["intent_id"]);
  });
  await smoke.step("bo's bridge, in another clone, is blocked over the same file and sees ana there", async () => {
    const { structured } = await bo.call("begin_task", { objective: "rename a type", files: FILES });
    assert.deepEqual([structured["status"], (structured["conflicts"] as Members[])[0]?.["principal_id"]], ["blocked", "ana"]);
    const table = (await bo.call("who_is_working")).structured;
    assert.equal(table["sidecar_uri"], uri);
    const names = (table["participants"] as Members[]).map((participant) => String(participant["principal_id"]));
    assert.deepEqual(names.toSorted(), ["ana", "bo"]);
  });
  await smoke.step("ana submits a change, which stands in her clone alone", async () => {
    const state = (await ana.call("get_file_state", { path: "src/shared.ts" })).structured;
    const change = {
      intent_id: task,
      target: "src/shared.ts",
      content: "export type Shared = string;\n",
      state_ref_before: state["state_ref"],
    };
    const { structured, text } = await ana.call("submit_change", change);
    assert.equal(structured["status"], "success", text);
    assert.equal(await readFile(join(clones.ana, "src/shared.ts"), "utf8"), change.content);
    await assert.rejects(readFile(join(clones.bo, "src/shared.ts")));
  });

  await smoke.step("a token of another session, a token of nobody, and none are each refused with what to set", async () => {
    for (const token of [TOKENS.cy, "token-of-nobody", undefined]) {
      const cy = token === undefined ? await startBare() : await bridgeOf("cy", token);
      const { structured } = await cy.call("who_is_working");
      assert.equal(structured["status"], "error");
      assert.match(String(structured["message"]), /for the session team .*set MPAC_COORDINATOR_TOKEN/);
    }
    async function startBare(): Promise<McpHost> {
      return smoke.own(await startHost({ name: "client-of-cy", cwd: clones.cy, env: variables(undefined) }));
    }
  });
  await smoke.step("signalbox status and doctor go by the same variables", async () => {
    const status = smoke.own(startNode([launcher("signalbox"), "status", "--json"], { cwd: clones.ana, env: variables(TOKENS.ana) }));
    assert.deepEqual(await status.exited, { code: 0, signal: null }, status.stderr.all.join("\n"));
    const shown = JSON.parse(status.stdout.all.join("")) as Members;
    assert.deepEqual([shown["session_id"], shown["active_intent_count"], shown["participant_count"]], ["team", 1, 2]);
    const doctor = smoke.own(startNode([launcher("signalbox"), "doctor"], { cwd: clones.ana, env: variables(TOKENS.ana) }));
    assert.deepEqual(await doctor.exited, { code: 0, signal: null }, doctor.stdout.all.join("\n"));
    said.push(status, doctor);
  });

  await smoke.step("asked to end, it ends with code 0, Caddy with it", async () => {
    started.kill("SIGTERM");
    assert.deepEqual(await started.exited, { code: 0, signal: null }, started.stderr.all.slice(-5).join("\n"));
  });
  const restarted = await smoke.step("when it is back, both bridges are who they were, and ana has her task", async () => {
    const program = startHub({ MPAC_TOKEN_TABLE: JSON.stringify(TABLE) });
    const { structured, text } = await eventually("ana's answer", async () => {
      const answer = await ana.call("yield_task", { intent_id: task });
      return answer.structured["code"] === "SIDECAR_UNAVAILABLE" ? undefined : answer;
    });
    assert.equal(structured["status"], "ok", text);
    assert.match(String((structured["notices"] as string[] | undefined)?.join(" ")), /restored: you are ana again, with the tasks you had/);
    const begun = (await bo.call("begin_task", { objective: "rename a type", files: FILES })).structured;
    assert.deepEqual([begun["status"], begun["principal_id"]], ["ok", "bo"]);
    return program;
  });

  await smoke.step("a table in a file is read again at SIGHUP: who is new in it gets in, who was there stays", async () => {
    const file = join(scratch.folder, "tokens.json");
    await writeFile(file, JSON.stringify({ [TOKENS.bo]: TABLE[TOKENS.bo] }));
    restarted.kill("SIGTERM");
    assert.deepEqual(await restarted.exited, { code: 0, signal: null }, restarted.stderr.all.slice(-5).join("\n"));
    const program = startHub({ MPAC_TOKEN_TABLE_FILE: file });
    const answered = (host: McpHost) =>
      eventually("an answer", async () => {
        const { structured } = await host.call("who_is_working");
        return structured["status"] === "error" ? undefined : structured;
      });
    await answered(bo);
    assert.equal((await ana.call("who_is_working")).structured["status"], "error");
    await writeFile(file, JSON.stringify({ [TOKENS.bo]: TABLE[TOKENS.bo], [TOKENS.ana]: TABLE[TOKENS.ana] }));
    program.kill("SIGHUP");
    await answered(ana);
    await answered(bo);
  });

  await smoke.step("no clone has a sidecar of its own, and no token stands in anything that was said or kept", async () => {
    for (const clone of Object.values(clones)) {
      const kept: readonly string[] = await readdir(join(clone, ".git", "signalbox")).catch(() => []);
      assert.ok(!kept.includes("sidecar.json"), `${clone} has a sidecar`);
    }
    const texts = [...said.flatMap(({ stdout, stderr }) => [...stdout.all, ...stderr.all]), ...hosts.map((host) => host.stderr())];
    for (const file of await readdir(data, { recursive: true, withFileTypes: true }))
      if (file.isFile()) texts.push(await readFile(join(file.parentPath, file.name), "latin1"));
    for (const token of Object.values(TOKENS)) assert.ok(!texts.some((text) => text.includes(token)), `${token} was found`);
  });
});
