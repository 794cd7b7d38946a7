/** Smoke: the command lines and the `.mcp.json` of the original tools run unchanged. */
import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { startHost } from "./support/mcp-host.ts";
import type { Members } from "./support/mpac-client.ts";
import { startProgram } from "./support/processes.ts";
import { type LauncherName, launcher } from "./support/program.ts";
import { scratchFolder } from "./support/scratch.ts";
import { askHealth, derivedSession, findSidecar, isFree } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";
import { eventually } from "./support/wait.ts";

/** As a user of the original tools has it. */
const MCP_JSON = `{
  "mcpServers": {
    "mpac-coding": {
      "command": "mpac-mcp",
      "args": [],
      "env": { "MPAC_WORKSPACE_DIR": "FOLDER", "MPAC_AGENT_NAME": "Ana", "MPAC_AGENT_ROLES": "contributor,reviewer" }
    }
  }
}
`;

interface Configured {
  readonly mcpServers: Readonly<
    Record<string, { readonly command: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }>
  >;
}

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);

  const bin = join(scratch.folder, "bin");
  await mkdir(bin);
  for (const name of ["mpac-mcp", "mpac-mcp-sidecar"] satisfies LauncherName[]) await symlink(launcher(name), join(bin, name));
  const env = { ...scratch.env, PATH: [bin, process.env["PATH"] ?? ""].join(delimiter) };
  const port = await freePort();

  const sidecar = smoke.own(
    startProgram(
      "mpac-mcp-sidecar",
      ["--workspace", workspace, "--host", "127.0.0.1", "--port", String(port), "--session-id", "team-session"],
      { cwd: scratch.folder, env },
    ),
  );
  await smoke.step("mpac-mcp-sidecar --workspace --host --port --session-id serves there", async () => {
    const health = await eventually("the sidecar", () => askHealth(port));
    assert.deepEqual([health.body["workspace"], health.body["session_id"]], [workspace, "team-session"]);
    return `port ${port}`;
  });
  await smoke.step("SIGTERM ends it with exit code 0", async () => {
    sidecar.kill("SIGTERM");
    assert.deepEqual(await sidecar.exited, { code: 0, signal: null });
  });

  await writeFile(join(workspace, ".mcp.json"), MCP_JSON.replace("FOLDER", workspace));
  await smoke.step("the .mcp.json of the original starts mpac-mcp, which names the tools and the same session", async () => {
    const { mcpServers } = JSON.parse(await readFile(join(workspace, ".mcp.json"), "utf8")) as Configured;
    const configured = mcpServers["mpac-coding"];
    assert.ok(configured);
    const host = smoke.own(
      await startHost({ name: "claude-code", cwd: scratch.folder, env: { ...env, ...configured.env }, command: configured }),
    );
    const { structured, text } = await host.call("who_is_working");
    assert.deepEqual([structured["workspace_dir"], structured["session_id"]], [workspace, derivedSession(workspace)], text);
    const [ana] = structured["participants"] as Members[];
    assert.equal(ana?.["display_name"], "Ana");
    assert.deepEqual(ana["roles"], ["contributor", "reviewer"]);
  });

  await smoke.step("MPAC_SIDECAR_PORT and MPAC_PRINCIPAL_ID are honoured", async () => {
    const named = { MPAC_SIDECAR_PORT: String(await freePort()), MPAC_PRINCIPAL_ID: "bo" };
    const other = await scratch.repository("other");
    const command = { command: "mpac-mcp", args: ["--workspace", other] };
    const host = smoke.own(await startHost({ name: "claude-code", cwd: scratch.folder, env: { ...env, ...named }, command }));
    const { structured } = await host.call("who_is_working");
    assert.equal((await findSidecar(scratch, other))?.port, Number(named.MPAC_SIDECAR_PORT));
    assert.deepEqual(
      (structured["participants"] as Members[]).map((participant) => participant["principal_id"]),
      ["bo"],
    );
  });

  const refused = smoke.own(startProgram("mpac-mcp-sidecar", ["--workspace", workspace, "--multi-session"], { cwd: scratch.folder, env }));
  await smoke.step("--multi-session with --workspace is refused with a sentence", async () => {
    const { code } = await refused.exited;
    assert.notEqual(code, 0);
    assert.match(refused.stderr.all.join("\n"), /--multi-session/);
    assert.equal(refused.stdout.all.length, 0);
  });
});

/** A port that nobody has now, outside the range that workspaces derive theirs from. */
async function freePort(): Promise<number> {
  for (let port = 28_000 + (process.pid % 1_000); ; port += 1) if (await isFree(port)) return port;
}
