/**
 * MPAC clients that are not ours against a sidecar: one in Python, written after the protocol alone, and where `MPAC_REFERENCE`
 * names a checkout of the protocol's repository, the client classes of both its languages, unmodified; with `MPAC_BRIDGE`, a checkout of
 * the original MCP bridge, that too.
 *
 * `MPAC_PYTHON` is a Python with `websockets`, Debian's own by default; the original's agent needs version 14 or newer of it.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { freePorts } from "./support/caddy.ts";
import { startNode, startProgram, type Program } from "./support/processes.ts";
import { launcher, PROJECT } from "./support/program.ts";
import { scratchFolder } from "./support/scratch.ts";
import { type StartOptions, startSidecarOf } from "./support/sidecar.ts";

const python = process.env["MPAC_PYTHON"] ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
const checkout = process.env["MPAC_REFERENCE"];

const hasPython = (code: string, env: NodeJS.ProcessEnv = {}): boolean =>
  spawnSync(python, ["-c", code], { env: { ...process.env, ...env } }).status === 0;
const hasWebsockets = hasPython("import websockets");
const packagePath = join(checkout ?? "", "mpac-package/src");
const hasOriginal = checkout !== undefined && existsSync(packagePath);
const bridgePath = join(process.env["MPAC_BRIDGE"] ?? "", "src");
const hasBridge = process.env["MPAC_BRIDGE"] !== undefined && existsSync(bridgePath);
const hasNewWebsockets = hasPython("import websockets; assert int(websockets.__version__.split('.')[0]) >= 14");

if (!hasWebsockets) process.stdout.write(`skipped: ${python} has no websockets (apt install python3-websockets)\n`);
if (!hasOriginal) process.stdout.write("skipped: MPAC_REFERENCE names no checkout of MPAC's repository\n");

interface Told {
  readonly step: string;
  readonly [fact: string]: unknown;
}

type Start = (uri: string, cwd: string, env: NodeJS.ProcessEnv) => Program | Promise<Program>;

/** What a client told while it ran against a sidecar of its own. @throws Error with what it said when it did not end well */
async function runAgainst(start: Start, options: StartOptions = {}): Promise<readonly Told[]> {
  await using scratch = await scratchFolder();
  const files = Object.fromEntries(["api", "auth", "utils"].map((name) => [`${name}.py`, `# ${name}\n`]));
  const workspace = await scratch.repository("main", files);
  await using sidecar = await startSidecarOf(scratch, workspace, options);
  await using client = await start(sidecar.uri, scratch.folder, scratch.env);
  const { code } = await client.exited;
  if (code !== 0) throw new Error(`it ended with code ${code}: ${client.stderr.all.slice(-8).join("\n")}`);
  return client.stdout.all.map((line) => JSON.parse(line) as Told);
}

const SOURCES = join(PROJECT, "smoke", "foreign");

describe("a client in Python", () => {
  it.runIf(hasWebsockets || process.env["CI"] === "true")("does what agents of the original do, and is answered as they are", async () => {
    const told = await runAgainst((uri, cwd, env) => startProgram(python, [join(SOURCES, "agent.py"), uri], { cwd, env }));

    expect(told).toEqual([
      {
        step: "summary before joining",
        members: expect.arrayContaining(["active_intents", "open_conflicts", "participants", "session_id", "workspace_dir"]) as unknown,
      },
      {
        step: "joined",
        participants: 1,
        envelope: [
          "coordinator_epoch",
          "message_id",
          "message_type",
          "payload",
          "protocol",
          "sender",
          "session_id",
          "ts",
          "version",
          "watermark",
        ],
        roles: ["participant"],
      },
      { step: "a peer hears the other join", sender: "agent:bo" },
      { step: "listed", files: ["api.py", "auth.py", "utils.py"] },
      { step: "read", isItsHash: true },
      { step: "announced", comes_back: "INTENT_ANNOUNCE", peer: "intent-ana" },
      {
        step: "raced",
        code: "STALE_INTENT",
        says: "Files ['api.py'] are already being modified by intent intent-ana (principal agent:ana). Call defer_intent and tell the user to wait, or retry once the other intent has withdrawn.",
      },
      { step: "deferred", principal: "agent:bo", expires: true },
      { step: "committed", comes_back: "OP_COMMIT", without_contents: true, updated: ["api.py", true] },
      { step: "stale", code: "STALE_STATE_REF" },
      { step: "read again", content: true },
      { step: "withdrawn", reason: "task_completed", deferral: ["deferral-bo", "observed_intents_terminated"] },
      { step: "left", peer: "completed" },
    ]);
  });
});

describe.runIf(hasOriginal)("the original's own", () => {
  it.runIf(hasNewWebsockets)("agents in Python share a workspace, lose nothing, and argue to the end", async () => {
    const told = await runAgainst((uri, cwd, env) =>
      startProgram(python, [join(SOURCES, "original_agents.py"), uri, "whatever"], { cwd, env: { ...env, PYTHONPATH: packagePath } }),
    );

    expect(told.filter(({ step }) => step !== "joined")).toEqual([
      { step: "listed", files: ["api.py", "auth.py", "utils.py"] },
      { step: "task", name: "Ana", committed: ["api.py"], yielded: false, conflict_detected: false },
      { step: "read", by: "Bo", last: "# first by Ana", ref: expect.stringMatching(/^sha256:[0-9a-f]{16}$/) as unknown },
      { step: "stale", accepted: false },
      { step: "task", name: "Bo", committed: ["api.py"], yielded: false, conflict_detected: false },
      { step: "read", by: "Ana", last: "# second by Bo", lines: 3 },
      { step: "conflict", category: "scope_overlap", intents: ["intent-ana-wide", "intent-bo-wide"] },
      { step: "resolved", heard: expect.arrayContaining(["CONFLICT_ESCALATE", "RESOLUTION"]) as unknown },
      { step: "done" },
    ]);
  });

  it.runIf(hasBridge && hasNewWebsockets)("bridge finds the sidecar by the path alone, works, and takes a task over", async () => {
    const told = await runAgainst((_uri, cwd, env) =>
      startProgram(python, [join(SOURCES, "original_bridge.py"), join(cwd, "main")], {
        cwd,
        env: { ...env, PYTHONPATH: [packagePath, bridgePath].join(delimiter) },
      }),
    );

    expect(told).toEqual([
      { step: "found", session_id: expect.stringMatching(/^mpac-local-main-[0-9a-f]{10}$/) as unknown, participant_count: 0 },
      { step: "begun", status: "ok", has_conflict: false },
      { step: "submitted", status: "success" },
      { step: "stale", status: "stale" },
      { step: "read", content: "# changed\n" },
      { step: "overlap", has_overlap: true },
      { step: "taken over", status: "ok", decision: "approved" },
      { step: "yielded", status: "ok" },
    ]);
  });

  it.runIf(hasBridge && hasNewWebsockets)(
    "agents and bridge work in a hosted session, each with its token, and find all of it after a kill -9",
    async () => {
      await using scratch = await scratchFolder();
      const [port = 0] = await freePorts(1);
      const tokens = { TOKEN_ANA: "token-of-ana", TOKEN_BO: "token-of-bo", TOKEN_CY: "token-of-cy" };
      const entry = { allowed_sessions: ["team"], roles: ["contributor"] };
      const table = JSON.stringify(Object.fromEntries(Object.values(tokens).map((token) => [token, entry])));
      const flags = ["sidecar", "--multi-session", "--port", String(port), "--store", join(scratch.folder, "store")];
      const host = async (): Promise<Program> => {
        const env = { ...scratch.env, MPAC_TOKEN_TABLE: table };
        const program = startNode([launcher("signalbox"), ...flags], { cwd: scratch.folder, env });
        await program.stdout.next((line) => line.trim().startsWith("clients"));
        return program;
      };
      await using first = await host();
      const args = [join(SOURCES, "original_hosted.py"), `ws://127.0.0.1:${port}/session/team`, "team", scratch.folder];
      const env = { ...scratch.env, ...tokens, PYTHONPATH: [packagePath, bridgePath].join(delimiter) };
      await using client = startProgram(python, args, { cwd: scratch.folder, env });
      await client.stdout.next((line) => line.includes('"ready"'));
      first.kill("SIGKILL");
      await first.exited;
      await using second = await host();
      void second;
      client.write("go on\n");
      const { code } = await client.exited;

      expect([code, client.stderr.all.slice(-4)]).toEqual([0, []]);
      expect(client.stdout.all.map((line) => JSON.parse(line) as Told).filter(({ step }) => step !== "joined")).toEqual([
        { step: "announced", ana: "INTENT_ANNOUNCE", bo: "STALE_INTENT" },
        { step: "committed", taken: true },
        { step: "ready" },
        { step: "read", content: "our plan\n", listed: ["plan.md"] },
        { step: "still held", bo: "STALE_INTENT" },
        { step: "bridge", session: "team", begun: "ok", overlap: true, left: "ok" },
        { step: "free", bo: "INTENT_ANNOUNCE" },
      ]);
    },
  );

  it.runIf(hasNewWebsockets).each([
    { demo: "run_distributed", policy: {}, people: ["agent:Alice", "agent:Bob"], hears: ["CONFLICT_REPORT", "RESOLUTION"], refused: [] },
    {
      demo: "run_e2e",
      policy: {},
      people: ["agent:Alice", "agent:Bob"],
      hears: ["CONFLICT_REPORT", "OP_COMMIT"],
      refused: ["STALE_STATE_REF"],
    },
    {
      demo: "run_escalation",
      policy: { compliance: "governance" },
      people: ["agent:Alice", "agent:Bob", "human:arbiter"],
      hears: ["CONFLICT_ACK", "CONFLICT_ESCALATE", "RESOLUTION", "INTENT_WITHDRAW"],
      // Who was rejected withdraws what the resolution has ended.
      refused: ["INVALID_REFERENCE"],
    },
    {
      demo: "run_precommit_claim",
      policy: { compliance: "governance", execution_model: "pre_commit" },
      people: ["agent:Alice", "agent:Bob", "agent:Charlie"],
      hears: ["COORDINATOR_STATUS", "OP_COMMIT", "OP_REJECT", "INTENT_UPDATE"],
      // Who has withdrawn goes on to propose.
      refused: ["INVALID_REFERENCE"],
    },
  ])("demonstration $demo comes to its end", async ({ demo, policy, people, hears, refused }) => {
    const told = await runAgainst(
      async (uri, cwd, env) => {
        await cp(join(checkout ?? "", "ref-impl"), join(cwd, "ref-impl"), { recursive: true });
        await writeFile(join(cwd, "local_config.json"), JSON.stringify({ anthropic: { api_key: "none" } }));
        return startProgram(python, [join(SOURCES, "original_demo.py"), cwd, demo, uri], { cwd, env });
      },
      // They were written before there was a lock.
      { args: ["--no-race-lock"], env: { MPAC_SESSION_POLICY: JSON.stringify(policy) } },
    );

    expect(told).toEqual([
      { step: demo, participants: people, said: expect.any(Array) as unknown, heard: expect.arrayContaining(hears) as unknown, refused },
    ]);
  });

  it("participant in TypeScript is answered to every message that it builds", async () => {
    const args = ["--import", import.meta.resolve("tsx"), join(SOURCES, "participant.ts"), checkout ?? ""];
    const told = await runAgainst((uri, cwd, env) => startNode([...args, uri], { cwd, env }));

    expect(told).toEqual([
      { step: "joined", answers: ["SESSION_INFO", "SESSION_INFO"] },
      { step: "announced", answers: ["INTENT_ANNOUNCE", "INTENT_ANNOUNCE", "INTENT_UPDATE"] },
      { step: "committed", answers: ["OP_COMMIT"] },
      { step: "argued", answers: ["CONFLICT_ACK", "CONFLICT_ESCALATE", "RESOLUTION"] },
      { step: "withdrawn", answers: ["INTENT_WITHDRAW"] },
    ]);
  });
});
