import { describe, expect, it } from "vitest";
import { NOW_MS, TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

const task = { objective: "refactor the parser", files: ["src/a.ts", "./src/b/"] };

describe("beginning a task", () => {
  it("answers with the intent, its normalised files and its end", async () => {
    const ana = caller(new TestSession(), "ana");

    const { structured, text } = await ana.call("begin_task", task);

    expect(structured).toMatchObject({
      status: "ok",
      intent_id: "intent-ana1",
      principal_id: "ana",
      files: ["src/a.ts", "src/b"],
      has_conflict: false,
      intent: { expires_at: new Date(NOW_MS + 3_600_000).toISOString(), scope: { resources: ["src/a.ts", "src/b"] } },
      workspace_dir: "/srv/repo",
      session_id: "mpac-local-repo-0123456789",
    });
    expect(text).toContain("you hold src/a.ts, src/b until 15:00Z (1 h left) as intent-ana1");
    expect(text).toContain('yield_task {"intent_id":"intent-ana1"}');
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

    expect(structured).toMatchObject({ status: "ok", superseded: ["intent-ana1"] });
    expect(text).toContain("It replaces your own earlier intent-ana1.");
    expect(text).toContain("(1 min left)");
  });

  it("refuses a path outside the repository by name and announces nothing", async () => {
    const session = new TestSession();

    const { structured, isError } = await caller(session, "ana").call("begin_task", { objective: "x", files: ["src/a.ts", "../etc"] });

    expect(isError).toBe(true);
    expect(structured).toMatchObject({ status: "error", code: "SCOPE_REFUSED", errors: ['the path "../etc" leaves the repository'] });
    expect(session.received).toEqual([]);
  });
});

describe("beginning a task twice with one client_request_id", () => {
  it("gives the first outcome again, with the same intent", async () => {
    const session = new TestSession();
    const ana = caller(session, "ana");

    const first = await ana.call("begin_task", { ...task, client_request_id: "r1" });
    const again = await ana.call("begin_task", { ...task, client_request_id: "r1" });

    expect(again).toEqual(first);
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
