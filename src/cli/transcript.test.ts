import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTENT, work } from "./audit.test.fixture.ts";
import { EXIT } from "./exit-codes.ts";
import { sidecarHere, signalbox, start, storeOf } from "./program.test.fixture.ts";

interface Envelope {
  readonly message_type: string;
  readonly message_id: string;
  readonly sender: { readonly principal_id: string };
}

interface Document {
  readonly session_id: string;
  readonly messages: readonly Envelope[];
  readonly participants: readonly { readonly principal_id: string }[];
  readonly final_snapshot: Readonly<Record<string, unknown>>;
  readonly extensions: {
    readonly signalbox: { readonly records: number; readonly last_hash: string; readonly lamport: readonly number[] };
  };
}

const parsed = (text: string): Document => JSON.parse(text) as Document;
const typesOf = (document: Document): string[] => document.messages.map(({ message_type: type }) => type);

describe("the transcript of a session", () => {
  it("is written on stdout while its sidecar runs, and the same from the disk when none does", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const sidecar = await sidecarHere(repo);
    await work(sidecar.uri);

    const running = await signalbox(scratch, "transcript", "--workspace", repo);
    await sidecar[Symbol.asyncDispose]();
    const stopped = await signalbox(scratch, "transcript", "--workspace", repo);

    const [live, kept] = [parsed(running.stdout), parsed(stopped.stdout)];
    expect(running).toMatchObject({ code: EXIT.ok, stderr: "" });
    expect(stopped).toMatchObject({ code: EXIT.ok, stderr: "" });
    expect(kept.messages.slice(0, live.messages.length)).toEqual(live.messages);
    expect(
      typesOf(live)
        .filter((type) => type !== "HEARTBEAT")
        .slice(0, 6),
    ).toEqual(["HELLO", "HELLO", "INTENT_ANNOUNCE", "INTENT_ANNOUNCE", "CONFLICT_REPORT", "OP_COMMIT"]);
    expect(live.participants.map(({ principal_id: id }) => id)).toEqual(["ana", "bo"]);
    expect(live.final_snapshot).toMatchObject({ snapshot_version: 2, session_id: live.session_id, coordinator_epoch: 1 });
    expect(running.stdout).not.toContain(CONTENT);
  });

  it("is of the only session there is, whatever that is called, and of the workspace's own where there are two", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const told = await sidecarHere(repo, { sessionId: "team" });
    await work(told.uri);

    const running = await signalbox(scratch, "transcript", "--workspace", repo);
    const audit = await signalbox(scratch, "audit", "verify", "--workspace", repo);
    await told[Symbol.asyncDispose]();
    await (await sidecarHere(repo))[Symbol.asyncDispose]();
    const two = await signalbox(scratch, "transcript", "--workspace", repo);

    expect([running.code, running.stderr, audit.code, two.code]).toEqual([EXIT.ok, "", EXIT.ok, EXIT.ok]);
    expect(parsed(running.stdout)).toMatchObject({ session_id: "team", participants: [{ principal_id: "ana" }, { principal_id: "bo" }] });
    expect(parsed(two.stdout)).toMatchObject({ session_id: (await storeOf(scratch, repo)).identity.session_id, participants: [] });
  });

  it("goes into a file of its owner's, whole or not at all", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);
    await work(sidecar.uri);
    const out = join(scratch.folder, "session.json");
    await writeFile(out, "an earlier one", { mode: 0o600 });

    const said = await signalbox(scratch, "transcript", "--workspace", repo, "--out", out, "--json");

    const document = parsed(await readFile(out, "utf8"));
    expect(said).toMatchObject({ code: EXIT.ok, stderr: "" });
    expect(JSON.parse(said.stdout)).toEqual({
      session_id: document.session_id,
      out,
      messages: document.messages.length,
      records: document.extensions.signalbox.records,
    });
    expect((await stat(out)).mode & 0o077).toBe(0);
    expect((await readdir(scratch.folder)).filter((name) => name.startsWith("session.json"))).toEqual(["session.json"]);
  });

  it("ends with the record that an audit ends with", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const sidecar = await sidecarHere(repo);
    await work(sidecar.uri);
    await sidecar[Symbol.asyncDispose]();

    const transcript = await signalbox(scratch, "transcript", "--workspace", repo);
    const audit = await signalbox(scratch, "audit", "verify", "--json", "--workspace", repo);

    const { streams } = JSON.parse(audit.stdout) as { streams: { last: { revision: number; hash: string } }[] };
    const { records, last_hash: hash } = parsed(transcript.stdout).extensions.signalbox;
    expect({ revision: records, hash }).toMatchObject({ revision: streams[0]?.last.revision, hash: streams[0]?.last.hash });
  });

  it("may be read by somebody who has read enough", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);
    await work(sidecar.uri);
    await using launched = start(scratch, "signalbox", ["transcript", "--workspace", repo]);

    launched.stopReading();

    expect(await launched.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a transcript that cannot be written", () => {
  it.each([
    { name: "of a session that is not in the log", args: ["--session", "nobodys"], code: EXIT.usage, says: "there is no session nobodys" },
    { name: "into a folder that there is not", args: ["--out", "/nowhere/at/all.json"], code: EXIT.failed, says: "cannot be written" },
  ])("$name says so and leaves nothing", async ({ args, code, says }) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);
    await work(sidecar.uri);

    const said = await signalbox(scratch, "transcript", "--workspace", repo, ...args);

    expect(said).toMatchObject({ code, stdout: "" });
    expect(said.stderr).toContain(says);
  });

  it("of a broken log leaves the file that was there", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const sidecar = await sidecarHere(repo);
    await work(sidecar.uri);
    await sidecar[Symbol.asyncDispose]();
    const { logPath } = await storeOf(scratch, repo);
    const bytes = await readFile(logPath);
    for (let at = bytes.indexOf("the work of intent-bo"); at >= 0; at = bytes.indexOf("the work of intent-bo"))
      bytes.write("the work of intent-cy", at);
    await writeFile(logPath, bytes);
    const out = join(scratch.folder, "session.json");
    await writeFile(out, "an earlier one");

    const said = await signalbox(scratch, "transcript", "--workspace", repo, "--out", out);

    expect(said).toMatchObject({ code: EXIT.corrupt, stdout: "" });
    expect(said.stderr).toContain("does not have the content its hash says");
    expect(await readFile(out, "utf8")).toBe("an earlier one");
    expect((await readdir(scratch.folder)).filter((name) => name.includes(".part"))).toEqual([]);
  });
});
