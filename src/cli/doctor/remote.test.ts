/** `doctor` and `status` with a coordinator elsewhere: here the sidecar of another repository plays that part. */
import { describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../../git/scratch.test.fixture.ts";
import type { Row } from "./row.ts";
import { EXIT } from "../exit-codes.ts";
import { healthOf, sidecarHere, signalbox } from "../program.test.fixture.ts";

const SECRET = "hush-0123456789";

const withRemote = (scratch: Scratch, url: string): Scratch => ({
  ...scratch,
  env: { ...scratch.env, MPAC_COORDINATOR_URL: url, MPAC_COORDINATOR_TOKEN: SECRET },
});

const rowsOf = (stdout: string) => (JSON.parse(stdout) as { rows: Row[] }).rows;

async function hubAndRepository() {
  const scratch = await scratchFolder();
  const sidecar = await sidecarHere(await scratch.repository("hub"));
  return {
    scratch,
    sidecar,
    repo: await scratch.repository("repo"),
    there: withRemote(scratch, sidecar.uri),
    async [Symbol.asyncDispose]() {
      await sidecar[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

describe("with a coordinator elsewhere", () => {
  it("doctor asks it, tries a bridge that joins it, and has nothing to do with a sidecar of the repository", async () => {
    await using at = await hubAndRepository();

    const { code, stdout } = await signalbox(at.there, "doctor", "--json", "--workspace", at.repo);

    const rows = rowsOf(stdout);
    expect(rows.filter(({ state }) => state !== "ok")).toEqual([]);
    expect(rows.map(({ check }) => check)).toEqual(["node", "git", "workspace", "remote", "session", "mcp", "guard"]);
    expect(code).toBe(0);
    expect(stdout).not.toContain(SECRET);
    expect(await healthOf(at.scratch, at.repo)).toBeUndefined();
  });

  it("status shows who is there", async () => {
    await using at = await hubAndRepository();

    const json = await signalbox(at.there, "status", "--json", "--workspace", at.repo);
    const shown = await signalbox(at.there, "status", "--workspace", at.repo);

    expect(JSON.parse(json.stdout)).toMatchObject({ running: true, sidecar: { uri: at.sidecar.uri }, participant_count: 0 });
    expect(shown.stdout).toContain(`elsewhere at ${at.sidecar.uri}`);
    expect([json.code, shown.code]).toEqual([0, 0]);
  });
});

describe("with a coordinator elsewhere that cannot be used", () => {
  it.each([
    {
      name: "its address is none",
      url: "https://hub.example/session/team",
      check: "remote",
      says: /^MPAC_COORDINATOR_URL is no/,
      exit: EXIT.usage,
    },
    {
      name: "nobody answers",
      url: "ws://127.0.0.1:9/session/team",
      check: "session",
      says: /cannot be reached .*ECONNREFUSED/,
      exit: EXIT.unreachable,
    },
  ])("doctor and status say so when $name", async ({ url, check, says, exit }) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const there = withRemote(scratch, url);

    const doctor = await signalbox(there, "doctor", "--json", "--workspace", repo);
    const status = await signalbox(there, "status", "--json", "--workspace", repo);

    expect(rowsOf(doctor.stdout).at(-1)).toMatchObject({ check, state: "fail", found: expect.stringMatching(says) as string });
    expect(JSON.parse(status.stdout)).toMatchObject({ error: { message: expect.stringMatching(says) as string } });
    expect([doctor.code, status.code]).toEqual([EXIT.failed, exit]);
    expect(doctor.stdout + status.stdout).not.toContain(SECRET);
  });
});
