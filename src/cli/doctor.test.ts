import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { EXIT } from "./exit-codes.ts";
import { checkNode, checkVersions } from "./doctor/checks.ts";
import type { Row } from "./doctor/row.ts";
import { healthOf, sidecarHere, signalbox, storeOf } from "./program.test.fixture.ts";
import type { Running } from "./running.ts";

const rowsOf = (stdout: string) => (JSON.parse(stdout) as { ok: boolean; rows: Row[] }).rows;
const named = (rows: readonly Row[], check: string) => rows.find((row) => row.check === check);

describe("in a healthy repository", () => {
  it("finds nothing wrong, tries the bridge and leaves no sidecar behind", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");

    const { code, stdout } = await signalbox(scratch, "doctor", "--json", "--workspace", repo);

    const rows = rowsOf(stdout);
    expect(rows.filter(({ state }) => state !== "ok")).toEqual([]);
    const checks = "node git workspace store owner port log versions mcp durability bus".split(" ");
    expect(rows.map(({ check }) => check)).toEqual([...checks, "mcp config", "guard"]);
    expect(named(rows, "mcp")?.found).toMatch(/^protocol 2025-\d\d-\d\d, \d+ tools; who_is_working answers/);
    expect(named(rows, "bus")?.found).toBe("0 lanes held; bus writes: open");
    expect(code).toBe(0);
    expect(await healthOf(scratch, repo)).toBeUndefined();
  });

  it("leaves the sidecar that runs as it is", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);

    const { code, stdout } = await signalbox(scratch, "doctor", "--workspace", repo);

    expect(stdout).toContain(`process ${process.pid} serves this workspace`);
    expect(stdout).toContain("takes records, says its sidecar");
    expect(stdout).not.toContain("\u001b");
    expect(code).toBe(0);
    expect((await healthOf(scratch, repo))?.uri).toBe(sidecar.uri);
  });
});

describe("where something is wrong", () => {
  it("names a corrupt log with its repair, and does not try the bridge on it", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await writeFile((await storeOf(scratch, repo)).logPath, "no database");

    const { code, stdout } = await signalbox(scratch, "doctor", "--json", "--workspace", repo);

    const rows = rowsOf(stdout);
    expect(code).toBe(EXIT.failed);
    expect(named(rows, "log")).toMatchObject({ state: "fail", todo: expect.stringContaining("store set-aside") as string });
    expect(named(rows, "mcp")).toBeUndefined();
  });

  it("names what is damaged beside the session, too", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    {
      await using sidecar = await sidecarHere(repo);
      const message = JSON.stringify({ topic: "ci", sender: "ana", body: "main is red" });
      await fetch(`http://${new URL(sidecar.uri).host}/api/bus/message`, { method: "POST", body: message });
    }
    const { logPath } = await storeOf(scratch, repo);
    const bytes = await readFile(logPath);
    await writeFile(logPath, bytes.toString("latin1").replaceAll("main is red", "main is ill"), "latin1");

    const { code, stdout } = await signalbox(scratch, "doctor", "--json", "--workspace", repo);

    expect(code).toBe(EXIT.failed);
    expect(named(rowsOf(stdout), "log")).toMatchObject({ state: "fail", found: expect.stringContaining("/board") as string });
  });

  it("names the store where that cannot be had, and goes no further", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await writeFile(join((await storeOf(scratch, repo)).folder, "store.json"), "{");

    const { code, stdout } = await signalbox(scratch, "doctor", "--workspace", repo);

    expect(code).toBe(EXIT.failed);
    expect(stdout).toMatch(/^FAIL {2}store +.*store\.json/m);
    expect(stdout).not.toMatch(/ (?:workspace|owner) /);
  });

  it("says what is missing where there is no repository", async () => {
    await using scratch = await scratchFolder();

    const { code, stdout } = await signalbox(scratch, "doctor", "--workspace", `${scratch.folder}/nowhere`);

    expect(code).toBe(EXIT.failed);
    expect(stdout).toMatch(/^FAIL {2}workspace +.*nowhere/m);
  });

  it.each([
    { version: "18.20.4", state: "fail" },
    { version: "20.18.3", state: "fail" },
    { version: "20.19.0", state: "ok" },
    { version: "26.1.0", state: "ok" },
  ])("takes Node $version for $state", ({ version, state }) => {
    expect(checkNode(version).state).toBe(state);
  });

  it.each([
    { name: "an older release that works", over: { version: "0.0.1" }, state: "warn" },
    { name: "a control number below ours", over: { control: 0 }, state: "fail" },
    { name: "a control number above ours", over: { control: 99 }, state: "fail" },
  ])("takes a sidecar of $name for $state", async ({ over, state }) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarHere(repo);
    const health = await healthOf(scratch, repo);
    if (health === undefined) throw new Error("the sidecar does not answer");
    const running: Running = { kind: "running", sidecar: { uri: health.uri, health: { ...health, ...over } }, discovery: undefined };

    expect(checkVersions(running).state).toBe(state);
  });
});
