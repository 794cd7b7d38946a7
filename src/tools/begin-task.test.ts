import { describe, expect, it } from "vitest";
import { NOW_MS, TestSession } from "./session.test.fixture.ts";
import type { Next } from "./tool.ts";
import { caller, refOf } from "./worktree.test.fixture.ts";

const task = { objective: "refactor the parser", files: ["src/a.ts", "./src/b/"] };

describe("beginning a task", () => {
  it("answers with the intent, its normalised files and its end", async () => {
    const ana = caller(new TestSession(), "ana");

    const { structured, text } = await ana.call("begin_task", task);

    expect(structured).toMatchObject({
      status: "ok",
      intent_id: "intent-a1",
      principal_id: "ana",
      files: ["src/a.ts", "src/b"],
      has_conflict: false,
      intent: { expires_at: new Date(NOW_MS + 900_000).toISOString(), scope: { resources: ["src/a.ts", "src/b"] } },
      workspace_dir: "/srv/repo",
      session_id: "mpac-local-repo-0123456789",
    });
    expect(text).toContain("you hold src/a.ts, src/b until 14:15Z (15 min left), renewed while you work, as intent-a1");
    expect(text).toContain('yield_task {"intent_id":"intent-a1"}');
  });

  it("that is blocked names the sub-agent in each call that goes on", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);

    const { structured } = await caller(session, "ana").call("begin_task", {
      objective: "x",
      files: ["src/a.ts", "b.ts"],
      agent: "tester",
    });

    const again = (structured["next"] as Next[]).filter(({ tool, arguments: args }) => tool === "begin_task" && args !== undefined);
    expect(again.map(({ arguments: args }) => args?.["agent"])).toEqual(["tester", "tester", "tester"]);
  });

  it("is blocked where another holds a file, and says who holds what since when and what to do", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"], 'rewrite\n"everything"\u001b[31m');
    const ana = caller(session, "ana");

    const { structured, text, isError } = await ana.call("begin_task", { objective: "x", files: ["src/a.ts", "src/free.ts"] });

    expect(isError).toBeUndefined();
    expect(structured).toMatchObject({
      status: "blocked",
      intent_id: null,
      has_conflict: true,
      free_files: ["src/free.ts"],
      conflicts: [
        {
          intent_id: "intent-bo",
          principal_id: "bo",
          announced_at: "2026-11-21T13:56:00.000Z",
          scope: { kind: "file_set", resources: ["src/a.ts"] },
        },
      ],
    });
    expect(text).toContain(
      "- bo holds src/a.ts since 13:56Z (for 4 min) until 14:56Z (56 min left): \"rewrite 'everything'\" (intent-bo, branch bo-branch)",
    );
    expect(text).toContain('begin_task {"objective":"x","files":["src/free.ts"]} (with the files that are free)');
    expect(text).toContain('"on_overlap":"proceed"} (only if you agreed with bo to merge)');
    expect(text.split("\n").length).toBeLessThanOrEqual(8);
    expect(session.intents.size).toBe(1);
  });

  it("calls free what the session calls free, and nothing because a list of what is held is cut or spelled in another way", async () => {
    const ana = caller(new TestSession(), "ana");
    const overlap = { intent_id: "i", principal_id: "bo", paths: ["held/0.ts"], path_count: 200, resources: ["held"] };
    ana.ctx.coordination.announce = async () => ({
      ok: false,
      rejection: {
        code: "intent/held",
        message: "held",
        details: { overlaps: [overlap], total: 30, free: ["a.ts", "b.ts", "c.ts", "d.ts", "e.ts", "f.ts"], free_count: 700 },
      },
    });

    const { structured, text } = await ana.call("begin_task", { objective: "x", files: ["./held/0.ts", "HELD/1.ts", "a.ts"] });

    expect(structured).toMatchObject({ free_files: ["a.ts", "b.ts", "c.ts", "d.ts", "e.ts", "f.ts"], free_file_count: 700 });
    expect(text).toContain("- bo holds held, which meets your held/0.ts and 199 more,");
    expect(text).toContain("- and 26 more");
    expect(text).toContain("Free of these: a.ts, b.ts, c.ts, d.ts, e.ts, f.ts and 694 more.");
  });

  it("calls nothing free where the session does not say so", async () => {
    const ana = caller(new TestSession(), "ana");
    const details = { overlaps: [{ intent_id: "i", principal_id: "bo", paths: ["held.ts"] }] };
    ana.ctx.coordination.announce = async () => ({ ok: false, rejection: { code: "intent/held", message: "held", details } });

    const { structured } = await ana.call("begin_task", { objective: "x", files: ["held.ts", "other.ts"] });

    expect(structured).toMatchObject({ status: "blocked", free_files: [] });
  });

  it("opens a conflict where the call proceeds, and shows whose work it meets", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/*.ts"], "rename everything");
    const ana = caller(session, "ana");

    const { structured, text } = await ana.call("begin_task", { ...task, on_overlap: "proceed" });

    expect(structured).toMatchObject({
      status: "ok",
      has_conflict: true,
      conflicts: [{ conflict_id: "conflict-3", intent_b: "intent-bo", state: "OPEN" }],
    });
    expect(text).toContain('Conflict conflict-3, OPEN with bo over src/*.ts: "rename everything" (intent-bo).');
    expect(text).toContain('ack_conflict {"conflict_id":"conflict-3"');
  });

  it("proceeds without being told so where the environment says so", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);

    const { structured } = await caller(session, "ana", { onOverlap: "proceed" }).call("begin_task", task);

    expect(structured["status"]).toBe("ok");
  });

  it("names the own intents that it replaces", async () => {
    const ana = caller(new TestSession(), "ana");
    await ana.call("begin_task", task);

    const { structured, text } = await ana.call("begin_task", { objective: "again", files: ["src/a.ts"], ttl_sec: 60 });

    expect(structured).toMatchObject({ status: "ok", superseded: ["intent-a1"] });
    expect(text).toContain("It replaces your own earlier intent-a1.");
    expect(text).toContain("(1 min left)");
  });

  it("says which files of those it holds no longer", async () => {
    const ana = caller(new TestSession(), "ana");
    await ana.call("begin_task", { objective: "x", files: ["src/a.ts", "src/b.ts", "lib/c.ts", "lib/d.ts"] });
    await ana.call("begin_task", { objective: "x", files: ["docs"] });

    const { structured, text } = await ana.call("begin_task", { objective: "y", files: ["src/*.ts", "lib/c.ts", "docs/e.md"] });

    expect(structured["released_files"]).toEqual(["docs", "lib/d.ts"]);
    expect(text).toContain(
      "It replaces your own earlier intent-a1, intent-a3. No longer held, but for what this task names: docs, lib/d.ts.",
    );
  });

  it("says of very many that there are others", async () => {
    const session = new TestSession();
    for (let index = 10; index < 40; index += 1) session.holds("ana", `intent-${index}`, [`src/${index}.ts`, `lib/${index}.ts`]);

    const { structured, text } = await caller(session, "ana").call("begin_task", { objective: "y", files: ["src"] });

    expect(structured["released_files"]).toHaveLength(20);
    expect(text).toContain("No longer held: among others lib/10.ts, lib/11.ts,");
  });

  it("says nothing of the kind where it holds all of them", async () => {
    const ana = caller(new TestSession(), "ana");
    await ana.call("begin_task", { objective: "x", files: ["src/a.ts", "src/b/c"] });

    const { structured, text } = await ana.call("begin_task", { objective: "y", files: ["src"] });

    expect(structured).toMatchObject({ superseded: ["intent-a1"], released_files: [] });
    expect(text).not.toContain("No longer held");
  });

  it("refuses a path outside the repository by name and announces nothing", async () => {
    const session = new TestSession();

    const { structured, isError } = await caller(session, "ana").call("begin_task", { objective: "x", files: ["src/a.ts", "../etc"] });

    expect(isError).toBe(true);
    expect(structured).toMatchObject({ status: "error", code: "SCOPE_REFUSED", errors: ['the path "../etc" leaves the repository'] });
    expect(session.received).toEqual([]);
  });
});

it("suggests no call that lacks the files it is about", async () => {
  const session = new TestSession();
  session.holds("bo", "intent-bo", ["src"]);
  const files = Array.from({ length: 6 }, (_, index) => `src/${index}.ts`);
  const ana = caller(session, "ana");

  const begun = await ana.call("begin_task", { objective: "x", files });
  const checked = await ana.call("check_overlap", { files });

  for (const { structured } of [begun, checked]) {
    const steps = (structured["next"] as Next[]).filter((step) => step.arguments !== undefined);
    expect(steps).toEqual([]);
  }
  expect(begun.text).toContain('begin_task (the same with on_overlap "proceed", only if you agreed with bo to merge)');
});

it("tells a task that another call of its own replaced in the meantime from one of an earlier call", async () => {
  const session = new TestSession();
  const ana = caller(session, "ana");
  const inner = session.as("ana");
  ana.ctx.coordination.announce = (asked) => {
    const outcome = inner.announce(asked);
    session.end(asked.intentId, "SUPERSEDED", "intent-later");
    return outcome;
  };

  const { structured, text } = await ana.call("begin_task", task);

  expect(structured).toMatchObject({ status: "error", code: "INTENT_ENDED", recoverable: true });
  expect(text).toContain("is SUPERSEDED already by intent-later, a later begin_task of yours;");
  expect(text).not.toContain("client_request_id");
});

it("says what to do with a scope that the session refuses, whatever is wrong with it", async () => {
  const session = new TestSession();
  session.trouble = "scope/refused";

  const { text } = await caller(session, "ana").call("begin_task", task);

  expect(text).toMatch(/^SCOPE_REFUSED: .*\nNext: begin_task \(with the files named as it says; nothing was announced\)\.$/);
});

it.each(["mine", "intent-mine", "intent-A1", "intent-"])("takes no ticket %s that it cannot have given", async (ticket) => {
  const session = new TestSession();

  const { structured, text } = await caller(session, "ana").call("begin_task", { objective: "look", files: ["src/a.ts"], ticket });

  expect(structured).toMatchObject({ status: "error", code: "MESSAGE_MALFORMED", recoverable: true });
  expect(text).toContain(`"${ticket}" is no ticket of begin_task: pass the one of its answer "waiting" as it is, or none`);
  expect(text).toContain('begin_task {"objective":"look","files":["src/a.ts"]} (without the ticket)');
  expect(session.intents.size).toBe(0);
});

describe("beginning a task twice with one client_request_id", () => {
  it("gives the first outcome again, with the same intent", async () => {
    const session = new TestSession();
    const ana = caller(session, "ana");

    const first = await ana.call("begin_task", { ...task, client_request_id: "r1" });
    const again = await ana.call("begin_task", { ...task, client_request_id: "r1" });

    expect([again.text, again.structured]).toEqual([first.text, first.structured]);
    expect(session.intents.size).toBe(1);
  });

  it("begins once when the first answer was lost", async () => {
    const session = new TestSession();
    const ana = caller(session, "ana");
    session.trouble = "answer-lost";

    const lost = await ana.call("begin_task", { ...task, client_request_id: "r1" });
    const again = await ana.call("begin_task", { ...task, client_request_id: "r1" });

    expect(lost.structured).toMatchObject({ code: "OUTCOME_UNKNOWN", recoverable: true });
    expect(again.structured["status"]).toBe("ok");
    expect(session.intents.size).toBe(1);
  });

  it("is another intent for another principal", async () => {
    const session = new TestSession();
    const ana = await caller(session, "ana").call("begin_task", { objective: "x", files: ["a"], client_request_id: "r1" });
    const bo = await caller(session, "bo").call("begin_task", { objective: "x", files: ["b"], client_request_id: "r1" });

    expect([ana.structured["status"], bo.structured["status"]]).toEqual(["ok", "ok"]);
    expect(ana.structured["intent_id"]).not.toBe(bo.structured["intent_id"]);
  });

  it("does not pretend that an intent which has ended since is held", async () => {
    const ana = caller(new TestSession(), "ana");
    const { structured } = await ana.call("begin_task", { ...task, client_request_id: "r1" });
    await ana.call("yield_task", { intent_id: structured["intent_id"] });

    const again = await ana.call("begin_task", { ...task, client_request_id: "r1" });

    expect(again.structured).toMatchObject({ status: "error", code: "INTENT_ENDED" });
    expect(again.text).toContain("with a new client_request_id");
  });
});

describe("a sub-agent of a host", () => {
  const task = (agent: string, ...files: string[]) => ({ objective: `for ${agent}`, files, agent });

  it("begins as a principal of its own, and meets its siblings like strangers", async () => {
    const ana = caller(new TestSession(), "ana");

    const tests = await ana.call("begin_task", task("tests", "a.ts"));
    const docs = await ana.call("begin_task", task("docs", "a.ts"));
    const own = await ana.call("begin_task", { objective: "o", files: ["a.ts"] });

    expect(tests.structured).toMatchObject({ status: "ok", principal_id: "ana/tests" });
    expect(docs.structured).toMatchObject({ status: "blocked", principal_id: "ana/docs" });
    expect(own.structured).toMatchObject({ status: "blocked", principal_id: "ana" });
  });

  it("is known in later calls by the intent that they name", async () => {
    const ana = caller(new TestSession(), "ana");
    ana.tree.files.set("a.ts", "one");
    const { structured } = await ana.call("begin_task", task("tests", "a.ts"));
    const intent_id = structured["intent_id"];

    const submitted = await ana.call("submit_change", { intent_id, target: "a.ts", content: "two", state_ref_before: refOf("one") });
    const yielded = await ana.call("yield_task", { intent_id });

    expect([submitted.structured["status"], yielded.structured["status"]]).toEqual(["success", "ok"]);
  });

  it("acknowledges the conflicts that it is in", async () => {
    const session = new TestSession();
    const [ana, bo] = [caller(session, "ana"), caller(session, "bo")];
    await bo.call("begin_task", { objective: "o", files: ["a.ts"] });
    const { structured } = await ana.call("begin_task", { ...task("tests", "a.ts"), on_overlap: "proceed" });
    const [conflict] = structured["conflicts"] as { conflict_id: string }[];

    await ana.call("ack_conflict", { conflict_id: conflict?.conflict_id });

    expect(session.acks).toEqual(["ana/tests seen"]);
  });

  it.each(["", "a b", "a/b", "x".repeat(41)])("has no label like %j", async (agent) => {
    const ana = caller(new TestSession(), "ana");

    expect((await ana.call("begin_task", task(agent, "a.ts"))).structured).toMatchObject({ status: "error", code: "INVALID_ARGUMENTS" });
  });
});

it("tells what another worktree has of the files and one's own lacks", async () => {
  const session = new TestSession();
  const at = new Date(NOW_MS - 240_000).toISOString();
  session.behind.push({ path: "a.ts", by: "bo", at, branch: "topic", worktree: "/w/b", state_ref: refOf("two") });

  const { structured, text } = await caller(session, "ana").call("begin_task", { objective: "o", files: ["a.ts"] });

  expect(structured["behind"]).toHaveLength(1);
  expect(text).toContain("Behind: bo has changed a.ts on branch topic at 13:56Z (4 min ago); your worktree lacks it.");
});

it("does not offer a symbolic link as free whose file is held", async () => {
  const session = new TestSession();
  session.holds("bo", "i", ["lib/real.ts"]);
  const ana = caller(session, "ana");
  ana.tree.links.set("src/link.ts", "lib/real.ts");

  const { structured } = await ana.call("begin_task", { objective: "o", files: ["src/link.ts", "b.ts"] });

  expect(structured).toMatchObject({ status: "blocked", free_files: ["b.ts"] });
});
