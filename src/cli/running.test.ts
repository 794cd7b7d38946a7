import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { publishDiscovery, readDiscovery } from "../git/discovery-file.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import type { Discovery } from "../wire/discovery.ts";
import type { Row } from "./doctor/row.ts";
import { EXIT } from "./exit-codes.ts";
import { discoveryOf, eventually, healthOf, signalbox, startedSidecar, storeOf, strangerProcess } from "./program.test.fixture.ts";
import { findRunning, isAlive } from "./running.ts";
import { silent } from "./silent.ts";

const onLinux = process.platform === "linux";

/** A file that a sidecar has left, and what of `signalbox` says about it. */
async function leaves(scratch: Scratch, repo: string, port: number, more: Partial<Pick<Discovery, "pid" | "boot_id">>) {
  const store = await storeOf(scratch, repo);
  const left = await publishDiscovery(store, await discoveryOf(store, port, more), scratch.env);
  return { running: () => findRunning(store, scratch.env), [Symbol.asyncDispose]: () => left[Symbol.asyncDispose]() };
}

describe("a file that was left, with the pid of a process that lives", () => {
  it.skipIf(!onLinux).each(["its own", "another one's"])("names no process where a stranger listens on the port: %s", async (whose) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using stranger = await strangerProcess();
    await using innocent = await strangerProcess();
    const { pid } = whose === "its own" ? stranger : innocent;
    await using left = await leaves(scratch, repo, stranger.port, { pid });

    const running = await left.running();
    const status = await signalbox(scratch, "status", "--workspace", repo);
    const stop = await signalbox(scratch, "stop", "--workspace", repo);

    expect(running).toMatchObject({ kind: "silent", discovery: { port: stranger.port } });
    expect(running).not.toHaveProperty("suspect");
    for (const { code, stdout, stderr } of [status, stop]) {
      expect({ code, stdout }).toEqual({ code: EXIT.unreachable, stdout: "" });
      expect(stderr).toContain(`something listens on port ${stranger.port} and does not answer as a sidecar`);
      expect(stderr).not.toMatch(new RegExp(`process|\\b${pid}\\b`));
    }
    expect(await isAlive(pid)).toBe(true);
  });

  it.skipIf(!onLinux)("lets doctor look at everything, and end nobody", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using stranger = await strangerProcess();
    await using _left = await leaves(scratch, repo, stranger.port, { pid: stranger.pid });

    const { code, stdout } = await signalbox(scratch, "doctor", "--json", "--workspace", repo);

    const { rows } = JSON.parse(stdout) as { rows: Row[] };
    expect(code).toBe(EXIT.ok);
    expect(rows.filter(({ state }) => state !== "ok").map(({ check }) => check)).toEqual(["owner", "port"]);
    expect(rows.map(({ check }) => check)).toContain("mcp");
    expect(stdout).not.toContain(String(stranger.pid));
    expect(await healthOf(scratch, repo)).toBeUndefined();
  });

  it("is of no sidecar when it is of an earlier start of the machine", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using stranger = await strangerProcess();
    await using left = await leaves(scratch, repo, stranger.port, { pid: stranger.pid, boot_id: "an earlier one" });

    expect(await left.running()).toEqual({ kind: "none" });
  });

  it("is of no sidecar when that of another workspace answers there", async () => {
    await using scratch = await scratchFolder();
    const [repo, other] = [await scratch.repository("repo"), await scratch.repository("other")];
    await using sidecar = await startedSidecar(scratch, other);
    const { uri } = await eventually(() => healthOf(scratch, other));
    await using left = await leaves(scratch, repo, Number(new URL(uri).port), { pid: sidecar.pid });

    expect(await left.running()).toEqual({ kind: "none" });
  });

  it.skipIf(!onLinux)("names the sidecar itself when that is stopped in its tracks, for as long as it is", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await startedSidecar(scratch, repo);
    const store = await storeOf(scratch, repo);
    await eventually(() => readDiscovery(store, scratch.env));
    sidecar.kill("SIGSTOP");

    const { code, stdout, stderr } = await signalbox(scratch, "status", "--workspace", repo);
    const doctor = await signalbox(scratch, "doctor", "--workspace", repo);
    sidecar.kill("SIGCONT");

    expect(`${code} ${stdout}`).toBe(`${EXIT.unreachable} `);
    expect(stderr).toContain(`the sidecar of this workspace, process ${sidecar.pid}, takes connections`);
    expect(doctor.stdout).toContain(`end process ${sidecar.pid}`);
    expect((await healthOf(scratch, repo))?.pid).toBe(sidecar.pid);
  });
});

it("says of a process that no system shows only that it may be the sidecar", async () => {
  await using scratch = await scratchFolder();
  const discovery = await discoveryOf(await storeOf(scratch, await scratch.repository("repo")), 38_123);

  const { message } = silent({ kind: "silent", discovery, suspect: { pid: 12, seen: false } });

  expect(message).toBe(
    "something listens on port 38123 and does not answer as a sidecar; wait, or, if process 12 is still the sidecar, end that yourself",
  );
});

it("tells a process that runs from one that has ended", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");

  const before = await isAlive(child.pid ?? 0);
  child.stdin.end();
  await once(child, "exit");

  expect([before, await isAlive(child.pid ?? 0)]).toEqual([true, false]);
});

it.skipIf(process.platform !== "linux")("takes one that has ended and waits for its parent for one that has ended", async () => {
  // The shell becomes a program that never asks what became of the child it inherits.
  const script = "node -e '' & echo $!; exec node -e 'process.stdin.resume()'";
  const parent = spawn("sh", ["-c", script.replaceAll("node", process.execPath)], { stdio: ["pipe", "pipe", "ignore"] });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());

  while (await isAlive(pid)) await new Promise(setImmediate);
  const isListed = process.kill(pid, 0);
  parent.stdin.end();
  await once(parent, "exit");

  expect(isListed).toBe(true);
});
