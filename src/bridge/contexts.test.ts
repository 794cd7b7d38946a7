import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { worktreeId } from "../git/worktree-id.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";
import { createBridgeTools } from "./tools.ts";

describe("a bridge in a repository", () => {
  it("begins, submits and yields; its file changes and others see who it is and where", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await writeFile(join(repo, "a.txt"), "one\n");
    await using sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });

    const begun = await ana.call("begin_task", { objective: "say two", files: [join(repo, "a.txt")] });
    const blocked = await bo.call("begin_task", { objective: "say three", files: ["./a.txt"] });
    const state = await ana.call("get_file_state", { path: "a.txt" });
    const submitted = await ana.call("submit_change", {
      intent_id: begun["intent_id"],
      target: "a.txt",
      content: "two\n",
      state_ref_before: state["state_ref"],
    });
    const seen = await bo.call("who_is_working");
    const yielded = await ana.call("yield_task", { intent_id: begun["intent_id"] });

    expect([begun, blocked, state, submitted, yielded].map(({ status }) => status)).toEqual(["ok", "blocked", "ok", "success", "ok"]);
    expect(await readFile(join(repo, "a.txt"), "utf8")).toBe("two\n");
    expect(begun).toMatchObject({ principal_id: "ana", files: ["a.txt"], workspace_dir: repo });
    expect(seen).toMatchObject({
      sidecar_uri: sidecar.uri,
      participants: expect.arrayContaining([expect.objectContaining({ principal_id: "ana", branch: "main", worktree: repo })]) as unknown,
    });
  });

  it("is its own worktree's: paths, branch and id are those of the linked one", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const linked = join(scratch.folder, "linked");
    await scratch.git(repo, "worktree", "add", "-q", "-b", "side", linked);
    await using sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, join(linked));

    const begun = await ana.call("begin_task", { objective: "o", files: [join(linked, "src/new.ts")] });
    const outside = await ana.call("begin_task", { objective: "o", files: [join(scratch.folder, "elsewhere.ts")] });
    const whole = await ana.call("check_overlap", { files: [linked] });
    const seen = await ana.call("who_is_working");

    expect(sidecar.port).toBeGreaterThan(0);
    expect(begun).toMatchObject({ status: "ok", files: ["src/new.ts"], workspace_dir: linked });
    expect(outside).toMatchObject({ status: "error", code: "SCOPE_REFUSED" });
    expect(whole).toMatchObject({ proposed_files: ["."] });
    expect(seen["participants"]).toEqual([expect.objectContaining({ branch: "side", worktree: linked })]);
    expect(await worktreeId(join(repo, ".git/worktrees/linked"))).toMatch(/^[0-9a-f]{16}$/);
  });

  it("takes the next free name beside a living one, and its own again after the sidecar was restarted", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const first = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    await using other = bridgeIn(scratch, repo);

    const begun = await ana.call("begin_task", { objective: "o", files: ["a.txt"] });
    const second = await other.call("begin_task", { objective: "o", files: ["b.txt"] });
    await first[Symbol.asyncDispose]();
    await using again = await sidecarFor(repo);
    const yielded = await ana.call("yield_task", { intent_id: begun["intent_id"] });

    expect(again.port).toBeGreaterThan(0);
    expect([begun["principal_id"], second["principal_id"]]).toEqual(["ana", "ana#2"]);
    expect(yielded).toMatchObject({ status: "ok", notices: [expect.stringMatching(/restored: you are ana again/)] });
  });
});

describe("which workspace a call is about", () => {
  it("is the repository that repo_path names, joined once", async () => {
    await using scratch = await scratchFolder();
    const [repo, other] = [await scratch.repository("repo"), await scratch.repository("other")];
    await using sidecar = await sidecarFor(other);
    await mkdir(join(other, "deep"));
    await using ana = bridgeIn(scratch, repo);

    const context = await ana.context(join("..", "other"));
    const member = await context.tools.coordination.membership();

    expect(member).toMatchObject({ workspaceDir: other, sidecarUri: sidecar.uri, principalId: "ana" });
    expect(await ana.context(join(other, "deep"))).toBe(context);
    expect(await ana.context()).not.toBe(context);
  });

  it("is refused outside a repository with what to do, and found once that is done", async () => {
    await using scratch = await scratchFolder();
    const plain = join(scratch.folder, "plain");
    await mkdir(plain);
    await using ana = bridgeIn(scratch, plain);

    const refused = await ana.contexts.contextFor(undefined);
    await scratch.git(plain, "init", "-q");

    expect(refused).toEqual({ refused: { code: "workspace/outside", message: expect.stringMatching(/git init.*--workspace/) as string } });
    expect((await ana.context()).tools.workspace?.dir).toBe(plain);
  });

  it("is a folder in no repository when a person named it, also from inside it, and no other folder", async () => {
    await using scratch = await scratchFolder();
    const plain = join(scratch.folder, "plain");
    await mkdir(join(plain, "deep"), { recursive: true });
    await mkdir(join(scratch.folder, "stranger"));
    await using ana = bridgeIn(scratch, scratch.folder, { named: "plain" });

    const context = await ana.context();

    expect(context.tools.workspace?.dir).toBe(plain);
    expect(await ana.context("plain/deep")).toBe(context);
    expect(await ana.contexts.contextFor("stranger")).toMatchObject({ refused: { code: "workspace/outside" } });
    expect(await ana.contexts.contextFor("nowhere")).toMatchObject({ refused: { code: "workspace/no-folder" } });
  });
});

describe("a worktree that is taken away under its bridge", () => {
  it("is said to be gone, and what was held there is free", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const linked = join(scratch.folder, "linked");
    await scratch.git(repo, "worktree", "add", "-q", "-b", "side", linked);
    await using _ = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, linked);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    expect(await ana.call("begin_task", { objective: "o", files: ["a.txt"] })).toMatchObject({ status: "ok" });

    await scratch.git(repo, "worktree", "remove", "--force", linked);

    expect(await ana.contexts.contextFor(undefined)).toMatchObject({ refused: { code: "workspace/no-folder" } });
    expect(await bo.call("begin_task", { objective: "o", files: ["a.txt"] })).toMatchObject({ status: "ok" });
  });

  it("is another worktree when one was made anew at the same path", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using ana = bridgeIn(scratch, repo);
    const before = await (async () => {
      await using _ = await sidecarFor(repo);
      return await ana.call("begin_task", { objective: "o", files: ["a.txt"] });
    })();

    await rm(repo, { recursive: true });
    await scratch.repository("repo");
    await using _ = await sidecarFor(repo);

    expect(before).toMatchObject({ status: "ok" });
    expect(await ana.call("who_is_working")).toMatchObject({ active_intent_count: 0, participant_count: 1 });
  });
});

it("joins no local session when the environment asks for a coordinator elsewhere", async () => {
  await using scratch = await scratchFolder();
  const said: string[] = [];
  const env = { ...scratch.env, MPAC_COORDINATOR_URL: "wss://example.org/session/x", MPAC_COORDINATOR_TOKEN: "secret" };
  const repo = await scratch.repository("repo");
  const tools = createBridgeTools({
    clientName: "test",
    tools: ["who_is_working"],
    workspace: repo,
    env,
    cwd: repo,
    report: (line) => said.push(line),
    launcher: [],
  });

  const { outcome, ...rest } = await tools.call("who_is_working", {});

  expect(outcome).toBe("result");
  expect(JSON.stringify(rest)).toContain("MPAC_COORDINATOR_URL and MPAC_COORDINATOR_TOKEN ask for a coordinator elsewhere");
  expect(said).toHaveLength(1);
  expect(JSON.stringify([rest, said])).not.toContain("secret");
});
