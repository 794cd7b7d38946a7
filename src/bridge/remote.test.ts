/** A bridge that is told of a coordinator elsewhere. What plays that part is a sidecar of another clone of the repository. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startSidecar, findPlace } from "../app/sidecar.ts";
import type { Remote } from "../client/remote.ts";
import { scriptedSidecar } from "../client/scripted-sidecar.test.fixture.ts";
import { readSidecarConfig } from "../config.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";
import type { ToolResult } from "../tools/tool.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";
import { createBridgeTools } from "./tools.ts";

const remoteAt = (uri: string, token?: string): Remote => ({ uri, sessionId: uri.split("/").at(-1) ?? "", token, inTheClear: false });

/** Two clones of one repository, and a sidecar of the first. */
async function twoClones() {
  const scratch = await scratchFolder();
  const hub = await scratch.repository("hub");
  await writeFile(join(hub, "a.txt"), "one\n");
  await scratch.git(hub, "add", "--all");
  await scratch.git(hub, "commit", "-q", "-m", "second");
  await scratch.git(scratch.folder, "clone", "-q", hub, "clone");
  const sidecar = await sidecarFor(hub);
  return {
    scratch,
    hub,
    clone: join(scratch.folder, "clone"),
    sidecar,
    remote: remoteAt(sidecar.uri),
    async [Symbol.asyncDispose]() {
      await sidecar[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

const ASKED = {
  signal: new AbortController().signal,
  clientName: "test",
  era: "modern",
  visit: undefined,
  person: { canBeAsked: false },
  progress: undefined,
} as const;

/** The whole of a bridge behind its MCP face, in `folder`, by what the environment says. */
function toolsIn(scratch: Scratch, folder: string, variables: Readonly<Record<string, string>>) {
  const said: string[] = [];
  let changed: (about: (uri: string) => boolean) => void = () => undefined;
  const env = { ...scratch.env, MPAC_PRINCIPAL_ID: "ana", ...variables };
  const tools = createBridgeTools({
    clientName: "test",
    tools: ["who_is_working", "begin_task"],
    workspace: undefined,
    env,
    cwd: folder,
    report: (line) => said.push(line),
    onChange: (about) => changed(about),
    launcher: [],
  });
  return {
    said,
    followBoard: () => tools.followBoard(true),
    /** Resolves when this says something else. */
    changed: (uri: string) => new Promise<void>((resolve) => (changed = (about) => about(uri) && resolve())),
    async call(name: string, args: object = {}): Promise<ToolResult> {
      const outcome = await tools.call(name, args, ASKED);
      if (outcome.outcome !== "result") throw new Error(outcome.message);
      return outcome.result;
    },
    [Symbol.asyncDispose]: () => tools.leave(),
  };
}

describe("a bridge with a coordinator elsewhere", () => {
  it("hears of the board there", async () => {
    await using at = await twoClones();
    await using bo = bridgeIn(at.scratch, at.hub, { principal: "bo" });
    await using ana = toolsIn(at.scratch, at.clone, { MPAC_COORDINATOR_URL: at.sidecar.uri });
    const opened = ana.changed("signalbox://board");

    ana.followBoard();
    await ana.call("who_is_working");
    await opened;
    const posted = ana.changed("signalbox://board");
    await bo.call("post_message", { topic: "ci", body: "it is red" });

    await expect(posted).resolves.toBeUndefined();
  });

  it("does everything there, with the files and the worktree of here, and starts no sidecar", async () => {
    await using at = await twoClones();
    await using bo = bridgeIn(at.scratch, at.hub, { principal: "bo" });
    await using ana = bridgeIn(at.scratch, at.clone, { remote: at.remote });

    const begun = await ana.call("begin_task", { objective: "say two", files: [join(at.clone, "a.txt")] });
    const blocked = await bo.call("begin_task", { objective: "say three", files: ["a.txt"] });
    const state = await ana.call("get_file_state", { path: "a.txt" });
    const submitted = await ana.call("submit_change", {
      intent_id: begun["intent_id"],
      target: "a.txt",
      content: "two\n",
      state_ref_before: state["state_ref"],
    });
    const seen = await ana.call("who_is_working");
    const yielded = await ana.call("yield_task", { intent_id: begun["intent_id"] });

    expect([begun, blocked, state, submitted, yielded].map(({ status }) => status)).toEqual(["ok", "blocked", "ok", "success", "ok"]);
    expect([await readFile(join(at.clone, "a.txt"), "utf8"), await readFile(join(at.hub, "a.txt"), "utf8")]).toEqual(["two\n", "one\n"]);
    expect(begun).toMatchObject({ workspace_dir: at.clone, session_id: at.remote.sessionId });
    expect(seen).toMatchObject({
      sidecar_uri: at.sidecar.uri,
      participants: expect.arrayContaining([expect.objectContaining({ principal_id: "ana", worktree: at.clone })]) as unknown,
    });
    expect(await readdir(join(at.clone, ".git", "signalbox"))).not.toContain("sidecar.json");
  });

  it("shows its token in the opening request and in HELLO, and nowhere else", async () => {
    await using scratch = await scratchFolder();
    await using sidecar = await scriptedSidecar();
    const repo = await scratch.repository("repo");
    await using ana = toolsIn(scratch, repo, { MPAC_COORDINATOR_URL: `${sidecar.uri}session/team`, MPAC_COORDINATOR_TOKEN: "hush" });

    const calling = ana.call("who_is_working");
    const hello = await sidecar.next("HELLO");
    const question = await sidecar.next("SIGNALBOX_QUERY");
    sidecar.send(question, { type: "SIGNALBOX_ANSWER", query_id: question.id, error: "not now" });
    const answer = await calling;

    expect(hello.payload["credential"]).toEqual({ type: "bearer_token", value: "hush" });
    expect(sidecar.requests).toMatchObject([{ url: "/session/team", headers: { authorization: "Bearer hush" } }]);
    expect(answer.structured).toMatchObject({ code: "QUERY_REFUSED" });
    expect(JSON.stringify([answer, ana.said])).not.toContain("hush");
  });

  it("joins again under the same name and incarnation when the connection was lost, and keeps its task", async () => {
    await using at = await twoClones();
    await using ana = bridgeIn(at.scratch, at.clone, { remote: at.remote });
    const { intent_id } = await ana.call("begin_task", { objective: "o", files: ["a.txt"] });
    const config = readSidecarConfig({ workspace: at.hub, port: String(at.sidecar.port) }, {});
    await at.sidecar[Symbol.asyncDispose]();

    await using again = await startSidecar(config, await findPlace(config, at.hub), createLog("silent"));
    const yielded = await ana.call("yield_task", { intent_id });

    expect(again.uri).toBe(at.sidecar.uri);
    expect(yielded).toMatchObject({
      status: "ok",
      notices: [expect.stringMatching(/restored: you are ana again, with the tasks you had/)],
    });
  });

  it("keeps tasks of files that are uncommitted here when it leaves, and frees the others", async () => {
    await using at = await twoClones();
    await using bo = bridgeIn(at.scratch, at.hub, { principal: "bo" });
    const bridges = ["ana", "cy"].map((principal) => bridgeIn(at.scratch, at.clone, { principal, remote: at.remote }));
    const files = [["src/"], ["b*.txt"]];
    for (const [index, bridge] of bridges.entries()) await bridge.call("begin_task", { objective: "o", files: files[index] });
    await at.scratch.git(at.clone, "config", "status.showUntrackedFiles", "no");
    await writeFile(join(at.clone, "c.txt"), "of nobody's task");
    await writeFile(join(at.clone, "bc.txt"), "half done");

    for (const bridge of bridges) await bridge[Symbol.asyncDispose]();

    expect(await bo.call("who_is_working")).toMatchObject({ active_intents: [{ principal_id: "cy", state: "SUSPENDED" }] });
  });
});

describe("a repository that a call names beside a coordinator elsewhere", () => {
  it("may be another worktree of the bridge's own, and no other repository", async () => {
    await using at = await twoClones();
    const linked = join(at.scratch.folder, "linked");
    await at.scratch.git(at.clone, "worktree", "add", "-q", "-b", "side", linked);
    const other = await at.scratch.repository("other");
    await using ana = bridgeIn(at.scratch, at.clone, { remote: at.remote });

    const there = await ana.context(linked);

    expect(there.tools.workspace).toEqual({ dir: linked, sessionId: at.remote.sessionId });
    expect(await ana.contexts.contextFor(other)).toMatchObject({
      refused: {
        code: "remote/other-repository",
        message: expect.stringContaining(`is about ${at.clone}, and ${other} is in another`) as string,
      },
    });
  });

  it("is refused while the bridge itself was started in none", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using ana = bridgeIn(scratch, scratch.folder, { remote: remoteAt("ws://127.0.0.1:9/session/team") });

    expect(await ana.contexts.contextFor(repo)).toMatchObject({
      refused: { code: "remote/no-repository", message: expect.stringContaining("set MPAC_WORKSPACE_DIR") as string },
    });
  });
});

describe("a coordinator elsewhere that cannot be used", () => {
  it("is told by each call, and the session of this machine is not taken instead", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarFor(repo);
    await using ana = toolsIn(scratch, repo, { MPAC_COORDINATOR_URL: "https://hub.example/session/team" });

    const answer = await ana.call("begin_task", { objective: "o", files: ["a.txt"] });

    expect(sidecar.port).toBeGreaterThan(0);
    expect(answer.structured).toMatchObject({
      code: "REMOTE_UNUSABLE",
      message: expect.stringContaining("MPAC_COORDINATOR_URL") as string,
    });
    expect(ana.said).toHaveLength(1);
  });

  it("is said to refuse the token, at once", async () => {
    await using scratch = await scratchFolder();
    await using sidecar = await scriptedSidecar({ admits: false });
    const repo = await scratch.repository("repo");
    await using ana = toolsIn(scratch, repo, { MPAC_COORDINATOR_URL: `${sidecar.uri}session/team`, MPAC_COORDINATOR_TOKEN: "hush" });

    const calling = ana.call("who_is_working");
    sidecar.refuse(await sidecar.next("HELLO"), "session/credential-rejected", {}, "CREDENTIAL_REJECTED");
    sidecar.refuse(await sidecar.next("HELLO"), "session/credential-rejected", {}, "CREDENTIAL_REJECTED");
    const { structured } = await calling;

    expect(structured).toMatchObject({
      code: "SIDECAR_UNAVAILABLE",
      message: expect.stringMatching(/refuses our token for the session team.*set MPAC_COORDINATOR_TOKEN/) as string,
      session_id: "team",
    });
  });

  it("is said to be a stranger when it speaks MPAC and is no Signalbox", async () => {
    await using scratch = await scratchFolder();
    await using sidecar = await scriptedSidecar({ info: { extensions: undefined, protocol_version: "0.1.15" } });
    const repo = await scratch.repository("repo");
    await using ana = toolsIn(scratch, repo, { MPAC_COORDINATOR_URL: `${sidecar.uri}session/team` });

    const { structured } = await ana.call("who_is_working");

    expect(structured).toMatchObject({ message: expect.stringMatching(/is not a Signalbox coordinator/) as string });
  });

  it("is said to be none when it answers like a web page", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const page = createServer((_request, response) => response.end("hello")).listen(0, "127.0.0.1");
    page.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n"));
    await eventually(async () => Promise.resolve(page.listening || undefined));
    const url = `ws://127.0.0.1:${(page.address() as AddressInfo).port}/session/team`;
    await using ana = toolsIn(scratch, repo, { MPAC_COORDINATOR_URL: url });

    const { structured } = await ana.call("who_is_working");
    page.close();

    expect(structured).toMatchObject({
      message: expect.stringMatching(/wants a token.*HTTP status 401.*set MPAC_COORDINATOR_TOKEN/) as string,
    });
  });
});
