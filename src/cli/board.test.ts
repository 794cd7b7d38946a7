import { afterEach, describe, expect, it, vi } from "vitest";
import { askBus } from "../client/bus.ts";
import { ownBus } from "../client/bus-settings.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { type BusRequest, claimLane, postMessage } from "../wire/bus/requests.ts";
import { EXIT } from "./exit-codes.ts";
import { sidecarHere, signalbox } from "./program.test.fixture.ts";

/** Somebody that only knows bus-mcp's interface. */
async function said({ uri }: { readonly uri: string }, request: BusRequest): Promise<Readonly<Record<string, unknown>>> {
  const { answer } = await askBus({ base: ownBus(uri), limitMs: 10_000 }, request);
  if (!answer.ok) throw new Error(answer.fault.message);
  return answer.body;
}

const flagged = (body: string) => postMessage({ topic: "build", sender: "ana", body, action_flag: true });

describe("signalbox lanes", () => {
  it("shows who holds which lane, its token, and that nobody does", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);

    const empty = await signalbox(scratch, "lanes", "--workspace", repo);
    const lane = await said(sidecar, claimLane("deploy", { owner: "ana\u202e", lease_s: 300 }));
    const shown = await signalbox(scratch, "lanes", "--workspace", repo);
    const json = await signalbox(scratch, "lanes", "--json", "--workspace", repo);

    expect(empty).toEqual({ code: 0, stdout: "No lane is held.\n", stderr: "" });
    expect(shown.stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["LANE", "HOLDER", "STATE", "LEFT", "TOKEN"],
      ["deploy", '"ana" (asserted)', "held", expect.stringMatching(/^[45] min left until \d\d:\d\dZ$/), String(lane["fencing_token"])],
      [""],
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({ active_lanes: [{ lane: "deploy" }], orphaned_claims: [], writes: "open" });
  });
});

describe("signalbox board", () => {
  it("shows messages newest first, and takes the word of a person about one that is flagged", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);
    const { id } = await said(sidecar, flagged("restart\u001b[2J it\n\tplease"));

    const shown = await signalbox(scratch, "board", "--workspace", repo);
    const status = await signalbox(scratch, "status", "--workspace", repo);
    const acked = await signalbox(scratch, "board", "ack", String(id), "--as", "dee", "--workspace", repo);
    const after = await signalbox(scratch, "board", "--topic", "build", "--limit", "1", "--workspace", repo);

    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout.replace(/\d+ s ago/, "now")).toBe(
      `${String(id)}  build  ana (asserted)  now  waits for a person\n  restart it\n      please\n`,
    );
    expect(status.stdout).toContain("0 lanes held; 1 message waits for a person; bus writes: open\n");
    expect(acked).toEqual({ code: 0, stdout: `Acknowledged: message ${String(id)}, by dee.\n`, stderr: "" });
    expect(after.stdout).toContain("acknowledged by dee");
  });

  it("writes a message under the person's name", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await scratch.git(repo, "config", "user.name", "Dee Doe");
    await using _sidecar = await sidecarHere(repo);

    const posted = await signalbox(scratch, "board", "post", "build", "go ahead", "--json", "--workspace", repo);
    const later = await signalbox(scratch, "board", "post", "build", "now", "--flag", "--workspace", repo);
    const found = await signalbox(scratch, "board", "--search", "ahead", "--json", "--workspace", repo);

    expect(JSON.parse(posted.stdout)).toMatchObject({ sender: "person:dee-doe", body: "go ahead", action_flag: false });
    expect(later.stdout).toMatch(/^Posted as \S+ in build, by person:dee-doe\.\n$/);
    expect(JSON.parse(found.stdout)).toMatchObject({ messages: [{ body: "go ahead" }] });
  });

  it("says what is wrong: an id that there is not, a count that is none, no sidecar", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");

    const none = await signalbox(scratch, "board", "--workspace", repo);
    const count = await signalbox(scratch, "board", "--limit", "0", "--workspace", repo);
    await using _sidecar = await sidecarHere(repo);
    const unknown = await signalbox(scratch, "board", "ack", "msg-99", "--json", "--workspace", repo);
    const untitled = await signalbox(scratch, "board", "post", " ", "x", "--workspace", repo);

    expect(none).toMatchObject({ code: EXIT.unreachable, stdout: "", stderr: expect.stringContaining("no sidecar runs for") as string });
    expect(count).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("Write a number from 1 to 500.") as string });
    expect(unknown.code).toBe(EXIT.failed);
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      error: { code: "bus/refused", message: expect.stringContaining("404") as string },
    });
    expect(untitled).toEqual({ code: EXIT.failed, stdout: "", stderr: "signalbox: bus returned 422: topic: it is empty\n" });
  });
});

describe("where writes want a secret", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("status says that they are armed, and a write without it names the variable", async () => {
    vi.stubEnv("BUS_WRITE_SECRET", "hush"); // of the sidecar, which runs in this process
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarHere(repo);

    const status = await signalbox(scratch, "status", "--workspace", repo);
    const refused = await signalbox(scratch, "board", "post", "t", "x", "--workspace", repo);
    scratch.env["BUS_WRITE_SECRET"] = "hush";
    const taken = await signalbox(scratch, "board", "post", "t", "x", "--workspace", repo);

    expect(status.stdout).toContain("bus writes: armed\n");
    expect(refused).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining("set BUS_WRITE_SECRET") as string });
    expect(taken.code).toBe(0);
  });
});
