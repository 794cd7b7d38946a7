import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startSidecar } from "../app/sidecar.ts";
import { createSessionClient } from "../client/session-client.ts";
import { readSidecarConfig } from "../config.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { locateStore } from "../git/store-folder.ts";
import { worktreeId } from "../git/worktree-id.ts";
import { createLog } from "../log.ts";
import { CONTROL } from "../wire/versions.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

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

  it("joins a sidecar that wants the token of its discovery file of everybody, sub-agents as well", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarFor(repo, { requireToken: true });
    await using ana = bridgeIn(scratch, repo);
    const locate = () => Promise.resolve({ uri: sidecar.uri });
    await using stranger = createSessionClient({ principalId: "cy", control: CONTROL, locate, limits: { reachMs: 1 } });

    const begun = await ana.call("begin_task", { objective: "o", files: ["a.txt"], agent: "tester" });

    expect(begun).toMatchObject({ status: "ok", principal_id: "ana/tester" });
    await expect(stranger.join()).rejects.toThrow(/wants the token of its discovery file, which this process cannot read/);
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

  it("says so where its folder is gone, and works in the repository that it is given", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using lost = bridgeIn(scratch, undefined);
    await using given = bridgeIn(scratch, undefined, { principal: "bo", named: repo });

    await expect(lost.context()).rejects.toThrow(/started in is gone: .* MPAC_WORKSPACE_DIR/);
    await expect(lost.context(".")).rejects.toThrow(/started in is gone/);
    expect(await lost.context(repo)).toBeDefined();
    expect(await given.call("begin_task", { objective: "o", files: ["a.txt"] })).toMatchObject({ status: "ok", workspace_dir: repo });
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

it("writes a file where nothing is kept in the git directory, as when that is read-only", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const workspace = await scratch.find(repo);
  const store = await locateStore(workspace, { env: scratch.env, remote: () => Promise.resolve("nfs") });
  await using _ = await startSidecar(readSidecarConfig({ workspace: repo }, {}), { workspace, store }, createLog("silent"));
  await using ana = bridgeIn(scratch, repo);
  const { intent_id } = await ana.call("begin_task", { objective: "o", files: ["a.txt"] });
  const { state_ref } = await ana.call("get_file_state", { path: "a.txt" });

  const submitted = await ana.call("submit_change", { intent_id, target: "a.txt", content: "two\n", state_ref_before: state_ref });

  expect(submitted).toMatchObject({ status: "success" });
  expect(await readdir(workspace.gitDir)).not.toContain("signalbox-pending");
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

    await rm(repo, { recursive: true, maxRetries: 5 });
    await scratch.repository("repo");
    await using _ = await sidecarFor(repo);

    expect(before).toMatchObject({ status: "ok" });
    expect(await ana.call("who_is_working")).toMatchObject({ active_intent_count: 0, participant_count: 1 });
  });

  it("keeps its bridge's name when it is made anew while others work, and its edits are seen as its own", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const linked = join(scratch.folder, "linked");
    await scratch.git(repo, "worktree", "add", "-q", "-b", "side", linked);
    await using _ = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, linked);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    await ana.call("who_is_working");
    await dirtyIn(bo, "ana", 0);

    await scratch.git(repo, "worktree", "remove", linked);
    await scratch.git(repo, "worktree", "add", "-q", linked, "side");
    const again = await Promise.all(["a", "b", "c"].map((file) => ana.call("begin_task", { objective: "o", files: [file] })));
    await writeFile(join(linked, "a"), "edited");

    expect(again.map(({ principal_id }) => principal_id)).toEqual(["ana", "ana", "ana"]);
    await dirtyIn(bo, "ana", 1);
    expect(await bo.call("who_is_working")).toMatchObject({ participant_count: 2, active_intent_count: 3, undeclared: [] });
  });
});

/** Waits until somebody's worktree is seen to have so many changed files. */
async function dirtyIn(asker: { call(tool: string): Promise<Record<string, unknown>> }, whose: string, count: number): Promise<void> {
  await eventually(async () => {
    const { participants } = (await asker.call("who_is_working")) as { participants: { principal_id: string; dirty_count?: number }[] };
    return participants.find(({ principal_id }) => principal_id === whose)?.dirty_count === count || undefined;
  });
}

describe("what is seen in the worktrees", () => {
  /** A repository with a linked worktree, ana's bridge in the one and bo's in the other, and the sidecar that watches both. */
  async function twoTrees() {
    const scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const linked = join(scratch.folder, "linked");
    await scratch.git(repo, "worktree", "add", "-q", "-b", "side", linked);
    const sidecar = await sidecarFor(repo);
    const [ana, bo] = [bridgeIn(scratch, repo), bridgeIn(scratch, linked, { principal: "bo" })];
    return {
      scratch,
      repo,
      linked,
      ana,
      bo,
      async [Symbol.asyncDispose]() {
        await bo[Symbol.asyncDispose]();
        await ana[Symbol.asyncDispose]();
        await sidecar[Symbol.asyncDispose]();
        await scratch[Symbol.asyncDispose]();
      },
    };
  }

  it("shows an edit that nobody announced to whoever asks about the file, until it is announced", async () => {
    await using at = await twoTrees();
    await at.bo.call("who_is_working");
    await writeFile(join(at.linked, "a.txt"), "bo was here");

    const seen = await eventually(async () => {
      const answer = await at.ana.call("check_overlap", { files: ["a.txt"] });
      return answer["has_overlap"] === true ? answer : undefined;
    });
    const table = await at.ana.call("who_is_working");
    await at.bo.call("begin_task", { objective: "o", files: ["a.txt"] });

    expect(seen).toMatchObject({
      verdict: "observed",
      overlaps: [{ kind: "observed", principal_id: "bo", branch: "side", paths: ["a.txt"] }],
    });
    expect(table).toMatchObject({ undeclared: [{ worktree: at.linked, principals: ["bo"], paths: ["a.txt"] }] });
    expect(await at.ana.call("check_overlap", { files: ["a.txt"] })).toMatchObject({ verdict: "held" });
    expect((await at.ana.call("who_is_working"))["undeclared"]).toEqual([]);
  });

  it("tells what the other worktree has submitted and one's own lacks", async () => {
    await using at = await twoTrees();
    const { intent_id } = await at.bo.call("begin_task", { objective: "o", files: ["a.txt"] });
    const { state_ref } = await at.bo.call("get_file_state", { path: "a.txt" });
    await at.bo.call("submit_change", { intent_id, target: "a.txt", content: "two", state_ref_before: state_ref });
    await at.bo.call("yield_task", { intent_id });
    await eventually(async () => ((await at.ana.call("get_file_state", { path: "a.txt" }))["behind"] as object[]).length || undefined);

    const begun = await at.ana.call("begin_task", { objective: "o", files: ["a.txt"] });
    await writeFile(join(at.repo, "a.txt"), "two");

    expect(begun["behind"]).toMatchObject([{ path: "a.txt", by: "bo", branch: "side", worktree: at.linked }]);
    expect((await at.ana.call("get_file_state", { path: "a.txt" }))["behind"]).toEqual([]);
  });

  it("keeps a leaver's tasks whose files are uncommitted, for whoever is back under its name, and frees the others", async () => {
    await using at = await twoTrees();
    await at.bo.call("begin_task", { objective: "changed", files: ["a.txt"] });
    await at.ana.call("begin_task", { objective: "untouched", files: ["b.txt"] });
    await writeFile(join(at.linked, "a.txt"), "half done");
    await eventually(async () => {
      const { participants } = (await at.bo.call("who_is_working")) as { participants: { principal_id: string; dirty_count?: number }[] };
      return participants.find(({ principal_id }) => principal_id === "bo")?.dirty_count || undefined;
    });

    await at.bo.contexts.leave();
    await at.ana.contexts.leave();
    await using cy = bridgeIn(at.scratch, at.repo, { principal: "cy" });

    expect((await cy.call("who_is_working"))["active_intents"]).toMatchObject([
      { principal_id: "bo", objective: "changed", state: "SUSPENDED" },
    ]);
  });

  it("is the branch that is checked out, also when it was switched under a bridge", async () => {
    await using at = await twoTrees();
    await at.bo.call("begin_task", { objective: "o", files: ["a.txt"] });

    await at.scratch.git(at.linked, "switch", "-q", "-c", "other");

    const seen = await eventually(async () => {
      const { active_intents } = (await at.ana.call("who_is_working")) as { active_intents: { branch?: string }[] };
      return active_intents[0]?.branch === "other" ? active_intents : undefined;
    });
    expect(seen).toMatchObject([{ principal_id: "bo", branch: "other" }]);
  });
});

it("joins sub-agents for themselves, and a bridge that starts again knows them by their tasks", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _ = await sidecarFor(repo);
  const first = bridgeIn(scratch, repo);
  const begun = await first.call("begin_task", { objective: "o", files: ["a.txt"], agent: "tests" });
  const own = await first.call("begin_task", { objective: "o", files: ["a.txt"] });
  const { active_intents } = (await first.call("who_is_working")) as { active_intents: object[] };
  await using second = bridgeIn(scratch, repo);

  const yielded = await second.call("yield_task", { intent_id: begun["intent_id"] });
  const yieldedHere = await first.call("yield_task", { intent_id: begun["intent_id"] });
  await first.contexts.leave();

  expect(begun).toMatchObject({ status: "ok", principal_id: "ana/tests" });
  expect(own).toMatchObject({ status: "blocked", principal_id: "ana" });
  expect(active_intents).toMatchObject([{ principal_id: "ana/tests" }]);
  expect(yielded).toMatchObject({ status: "error", code: "INTENT_NOT_OWNER" });
  expect(yieldedHere).toMatchObject({ status: "ok" });
});

it("joins the sub-agents of an earlier bridge of its host that still hold tasks", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await sidecarFor(repo);
  const { task } = await (async () => {
    await using first = bridgeIn(scratch, repo);
    return {
      task: await first.call("begin_task", { objective: "o", files: ["a.txt"], agent: "tests" }).then(async (begun) => {
        await writeFile(join(repo, "a.txt"), "uncommitted, so that the task stays");
        return begun;
      }),
    };
  })();
  await using second = bridgeIn(scratch, repo);

  (await second.context()).joinSoon();

  const back = await eventually(async () => {
    const { active_intents } = (await second.call("who_is_working")) as { active_intents: { intent_id: string; state: string }[] };
    return active_intents.find(({ intent_id, state }) => intent_id === task["intent_id"] && state === "ACTIVE");
  });
  expect([back.intent_id, sidecar.port > 0]).toEqual([task["intent_id"], true]);
});
