import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDiscovery } from "../git/discovery-file.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTENT, joined, work } from "./audit.test.fixture.ts";
import { EXIT } from "./exit-codes.ts";
import { eventually, sidecarHere, signalbox, start, storeOf } from "./program.test.fixture.ts";

interface Document {
  readonly whole: boolean;
  readonly read_from: string;
  readonly streams: readonly {
    readonly stream: string;
    readonly records: number;
    readonly blobs: number;
    readonly last: { readonly revision: number; readonly hash: string };
    readonly kinds: Readonly<Record<string, { readonly records: number }>>;
    readonly flaw?: Readonly<Record<string, unknown>>;
  }[];
}

async function audited(scratch: Scratch, repo: string, ...more: string[]) {
  const said = await signalbox(scratch, "audit", "verify", "--json", "--workspace", repo, ...more);
  return { ...said, document: JSON.parse(said.stdout) as Document };
}

/** A repository whose sidecar has served some work and is gone. */
async function closedLog(scratch: Scratch): Promise<string> {
  const repo = await scratch.repository("repo");
  await using sidecar = await sidecarHere(repo);
  await work(sidecar.uri);
  return repo;
}

/** Writes other bytes of the same length wherever the file holds `text`: a page that is free may hold it too. */
async function overwrite(scratch: Scratch, repo: string, text: string, other: string): Promise<void> {
  const { logPath } = await storeOf(scratch, repo);
  const bytes = await readFile(logPath);
  expect(bytes.indexOf(text)).toBeGreaterThan(0);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text)) bytes.write(other, at);
  await writeFile(logPath, bytes);
}

describe("a log that is whole", () => {
  it("is found so while its sidecar runs, by asking that, and nobody has to stop working", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);
    await work(sidecar.uri);

    const { code, document, stderr } = await audited(scratch, repo);
    await using ana = await joined("ana", sidecar.uri);

    const [stream] = document.streams;
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    expect(document).toMatchObject({ whole: true, read_from: "sidecar", workspace_dir: repo });
    expect(stream?.kinds).toMatchObject({ HELLO: { records: 2 }, INTENT_ANNOUNCE: { records: 2 }, OP_COMMIT: { records: 1 } });
    expect(stream).toMatchObject({ whole: true, blobs: 1, first: { revision: 1 }, last: { revision: stream?.records } });
    expect(ana.principalId).toBe("ana");
  });

  it("is found so on the disk, which stays as it was, with the same end", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const sidecar = await sidecarHere(repo);
    await work(sidecar.uri);
    const running = await audited(scratch, repo);
    await sidecar[Symbol.asyncDispose]();
    const { folder } = await storeOf(scratch, repo);
    const looks = async () => Promise.all((await readdir(folder)).sort().map(async (name) => [name, await readFile(join(folder, name))]));
    const before = await looks();

    const { code, document } = await audited(scratch, repo);

    expect(code).toBe(EXIT.ok);
    expect(document.read_from).toBe("file");
    expect(document.streams[0]?.last.revision).toBeGreaterThanOrEqual(running.document.streams[0]?.last.revision ?? Infinity);
    expect(await looks()).toEqual(before);
  });

  it("is told as a table with both ends of each kind", async () => {
    await using scratch = await scratchFolder();
    const repo = await closedLog(scratch);

    const { code, stdout } = await signalbox(scratch, "audit", "verify", "--workspace", repo);

    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^KIND +RECORDS +FIRST +LAST +FROM +TO$/m);
    expect(stdout).toMatch(/^INTENT_ANNOUNCE +2 +\d+ [0-9a-f]{12} +\d+ [0-9a-f]{12} +\d{4}-.+Z +\d{4}-.+Z$/m);
    expect(stdout).toMatch(/^all +\d+ +1 /m);
    expect(stdout).toMatch(/^whole: .+\/session, \d+ records, each behind the one before, with 1 file content that they name$/m);
    expect(stdout).toMatch(/^last hash [0-9a-f]{64}$/m);
  });
});

describe("a log that is broken", () => {
  it.each([
    { name: "a word of a record", text: "the work of intent-bo", other: "the work of intent-cy", found: /^hash [0-9a-f]{64}$/ },
    { name: "the name of the hash", text: ',"hash":"', other: ',"hosh":"', found: /^one that ends with "/ },
  ])("in $name is found so, with the revision and what was expected", async ({ text, other, found }) => {
    await using scratch = await scratchFolder();
    const repo = await closedLog(scratch);
    await overwrite(scratch, repo, text, other);

    const { code, document } = await audited(scratch, repo);
    const lines = await signalbox(scratch, "audit", "verify", "--workspace", repo);

    const [stream] = document.streams;
    expect([code, lines.code]).toEqual([EXIT.corrupt, EXIT.corrupt]);
    expect(document.whole).toBe(false);
    expect(stream?.flaw).toMatchObject({ code: "log/damaged", expected: expect.any(String) as string });
    expect(stream?.flaw?.["revision"]).toBe((stream?.records ?? 0) + 1);
    expect(stream?.flaw?.["found"]).toMatch(found);
    expect(lines.stdout).toMatch(new RegExp(`^broken: .+ at revision ${String(stream?.flaw?.["revision"])};`, "m"));
    expect(lines.stdout).toContain("signalbox store set-aside");
  });

  it("in the content of a file is found so", async () => {
    await using scratch = await scratchFolder();
    const repo = await closedLog(scratch);
    await overwrite(scratch, repo, CONTENT, CONTENT.toUpperCase());

    const { code, document } = await audited(scratch, repo);

    expect(code).toBe(EXIT.corrupt);
    expect(document.streams[0]?.flaw?.["found"]).toMatch(/blob .* has bytes with the hash/);
  });

  it("as a database is told as a fault of the file", async () => {
    await using scratch = await scratchFolder();
    const repo = await closedLog(scratch);
    const { logPath } = await storeOf(scratch, repo);
    await writeFile(logPath, "no database");

    const said = await signalbox(scratch, "audit", "verify", "--workspace", repo);

    expect(said).toMatchObject({ code: EXIT.corrupt, stdout: "" });
    expect(said.stderr).toContain(`the log ${logPath} is corrupt`);
  });
});

describe("the log of a hosted sidecar", () => {
  it("is found by its folder, with all of its sessions or the one that is named", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "hosted");
    await using _hosted = start(scratch, "signalbox", ["sidecar", "--multi-session", "--store", folder, "--port", "0"]);
    const { port } = await eventually(async () => (existsSync(folder) ? readDiscovery(await hostedStore(folder), scratch.env) : undefined));
    await work(`ws://127.0.0.1:${port}/session/one`);
    await using _ana = await joined("ana", `ws://127.0.0.1:${port}/session/two`);

    const all = await signalbox(scratch, "audit", "verify", "--json", "--store", folder);
    const one = await signalbox(scratch, "audit", "verify", "--json", "--store", folder, "--session", "one");
    const unnamed = await signalbox(scratch, "transcript", "--store", folder);
    const two = await signalbox(scratch, "transcript", "--store", folder, "--session", "two");

    const streams = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as Document).streams.map(({ stream }) => stream);
    expect([all, one].map(streams)).toEqual([["one/session", "two/session"], ["one/session"]]);
    expect(unnamed).toMatchObject({ code: EXIT.usage, stdout: "" });
    expect(JSON.parse(two.stdout)).toMatchObject({ session_id: "two", messages: [{ message_type: "HELLO" }] });
  });

  it("is not made by asking for it", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "nothing");

    const said = await signalbox(scratch, "audit", "verify", "--store", folder);

    expect(said).toMatchObject({ code: EXIT.storeOutOfReach, stdout: "" });
    expect(existsSync(folder)).toBe(false);
  });
});

describe("what cannot be checked", () => {
  it("is a log that there is none of", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");

    const said = await signalbox(scratch, "audit", "verify", "--workspace", repo);

    expect(said).toMatchObject({ code: EXIT.storeOutOfReach, stdout: "" });
    expect(said.stderr).toMatch(/^signalbox: there is no log [^\n]+\n$/);
  });

  it("is the log of a coordinator elsewhere, which is said beside what is known here", async () => {
    await using scratch = await scratchFolder();
    const repo = await closedLog(scratch);
    scratch.env["MPAC_COORDINATOR_URL"] = "ws://127.0.0.1:9/session/elsewhere";

    const said = await audited(scratch, repo);

    expect(said).toMatchObject({ code: EXIT.ok, document: { whole: true } });
    expect(said.stderr).toMatch(/^MPAC_COORDINATOR_URL names a coordinator elsewhere/);
  });

  it("is a session that is not in it, and those that are get named", async () => {
    await using scratch = await scratchFolder();
    const repo = await closedLog(scratch);
    const { identity } = await storeOf(scratch, repo);

    const said = await signalbox(scratch, "audit", "verify", "--workspace", repo, "--session", "nobodys");
    const named = await audited(scratch, repo, "--session", identity.session_id);

    expect(said).toMatchObject({ code: EXIT.usage, stdout: "" });
    expect(said.stderr).toContain(`there is no session nobodys in this log; it has ${identity.session_id}`);
    expect(named).toMatchObject({ code: EXIT.ok, document: { whole: true } });
  });

  it("is one whose sidecar is there, for whoever may not read its token", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarHere(repo);
    const store = await storeOf(scratch, repo);
    const { token = "" } = (await readDiscovery(store, scratch.env)) ?? {};
    for (const name of await readdir(store.folder)) {
      if (name === "sidecar.json") await rm(join(store.folder, name));
    }
    await rm(scratch.env["XDG_RUNTIME_DIR"] ?? "", { recursive: true, force: true, maxRetries: 5 });

    const said = await signalbox(scratch, "audit", "verify", "--workspace", repo);

    expect(said).toMatchObject({ code: EXIT.unreachable, stdout: "" });
    expect(said.stderr).toContain(`process ${process.pid} owns this log`);
    expect(token).not.toBe("");
    expect(said.stderr).not.toContain(token);
  });
});
