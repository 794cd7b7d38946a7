import { describe, expect, it } from "vitest";
import { callTool } from "./call-tool.ts";
import { REGISTRY } from "./registry.ts";
import { select } from "./selection.ts";
import { named } from "./named-fault.test.fixture.ts";
import { TestSession } from "./session.test.fixture.ts";
import type { Next } from "./tool.ts";
import { caller } from "./worktree.test.fixture.ts";

const task = { objective: "x", files: ["a"] };

describe("arguments", () => {
  it.each(["wait", "overlap", "file"])("refuse %s by name, list what there is, and do nothing", async (argument) => {
    const session = new TestSession();

    const { structured, text, isError } = await caller(session, "ana").call("begin_task", { ...task, [argument]: true });

    expect(isError).toBe(true);
    expect(structured).toMatchObject({ code: "INVALID_ARGUMENTS", recoverable: true, session_id: "mpac-local-repo-0123456789" });
    expect(text).toContain(`unknown argument "${argument}"`);
    expect(text).toContain(
      "begin_task takes: objective, files, on_overlap, wait_s, ticket, priority, symbols, agent, ttl_sec, client_request_id, repo_path.",
    );
    expect(session.received).toEqual([]);
  });

  it.each([
    {
      name: "a value that is not offered",
      args: { ...task, on_overlap: "force" },
      says: 'on_overlap: expected one of "block"|"proceed"|"wait"',
    },
    { name: "a wrong type, by its place", args: { ...task, files: ["a", 7] }, says: "files[1]: expected string, received number" },
    { name: "what is missing", args: { files: ["a"] }, says: "objective is missing" },
    { name: "no files", args: { ...task, files: [] }, says: "files: " },
    { name: "too many files", args: { ...task, files: Array.from({ length: 501 }, (_, i) => `f${i}`) }, says: "files: Too big" },
    { name: "too long a path", args: { ...task, files: ["x".repeat(4097)] }, says: "files[0]: Too big" },
    {
      name: "more paths than a frame holds",
      args: { ...task, files: Array.from({ length: 60 }, () => "x".repeat(4000)) },
      says: "name folders or globs",
    },
    { name: "a time to live of a week", args: { ...task, ttl_sec: 604_800 }, says: "ttl_sec: Too big" },
    { name: "half a character", args: { ...task, objective: "x\ud800" }, says: "objective: it is not valid Unicode" },
    { name: "half a character in a name", args: { ...task, symbols: { "x\ud800": ["f"] } }, says: "symbols: it is not valid Unicode" },
    { name: "half a character in a list", args: { ...task, files: ["a", "x\ud800"] }, says: "files: it is not valid Unicode" },
    { name: "a name that would break the sentence", args: { ...task, 'x"\n\u001b[31m': 1 }, says: 'unknown argument "x\'"' },
    { name: "no object at all", args: ["a"], says: "the arguments: expected object" },
  ])("refuse $name", async ({ args, says }) => {
    const { structured, text } = await caller(new TestSession(), "ana").call("begin_task", args);

    expect(structured["code"]).toBe("INVALID_ARGUMENTS");
    expect(text).toContain(says);
  });

  it("take repo_path everywhere and may be absent where nothing is needed", async () => {
    const ana = caller(new TestSession(), "ana");

    expect(REGISTRY.every((tool) => "repo_path" in tool.input.shape)).toBe(true);
    expect((await ana.call("who_is_working", { repo_path: "/elsewhere" })).isError).toBeUndefined();
    expect((await ana.call("who_is_working")).isError).toBeUndefined();
  });
});

it("tells an unknown tool, or one that is not switched on, from a tool that failed", async () => {
  const { ctx } = caller(new TestSession(), "ana");
  const chosen = select(REGISTRY, { readOnly: true, profile: ["core"] });

  const unknown = await callTool(REGISTRY, ctx, "begin", {});
  const off = await callTool("tools" in chosen ? chosen.tools : [], ctx, "begin_task", task);

  expect(unknown).toMatchObject({ outcome: "unknown-tool" });
  expect(off).toEqual({
    outcome: "unknown-tool",
    message: 'there is no tool "begin_task"; the tools are who_is_working, check_overlap, get_file_state',
  });
});

describe("a call that names its repository", () => {
  const calls = [
    { name: "is answered", tool: "begin_task", args: task },
    { name: "has no arguments of its own", tool: "who_is_working", args: {} },
    { name: "is refused", tool: "yield_task", args: { intent_id: "x" } },
    { name: "is wrong", tool: "begin_task", args: { ...task, ticket: 1 } },
  ];
  it.each(calls)("is followed by calls for the same one when it $name", async ({ tool, args }) => {
    const { structured, text } = await caller(new TestSession(), "ana").call(tool, { ...args, repo_path: "../other repo" });

    const steps = (structured["next"] as Next[]).filter((step) => step.tool !== undefined);
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.map((step) => step.arguments?.["repo_path"])).toEqual(steps.map(() => "../other repo"));
    expect(text.split('"repo_path":"../other repo"')).toHaveLength(steps.length + 1);
  });

  it("and whose sidecar is down is tried again for the same one", async () => {
    const session = new TestSession();
    session.trouble = "down";

    const { structured } = await caller(session, "ana").call("begin_task", { ...task, repo_path: "/other" });

    expect(structured["next"]).toContainEqual({
      tool: "begin_task",
      arguments: { repo_path: "/other" },
      why: "again with the same arguments",
    });
  });

  it("as something that is no path is not followed by it", async () => {
    const { structured } = await caller(new TestSession(), "ana").call("begin_task", { ...task, repo_path: 7 });

    expect(JSON.stringify(structured["next"])).not.toContain("repo_path");
  });
});

describe("faults", () => {
  it("become a result with a code, the sentence and the next step when no sidecar answers", async () => {
    const session = new TestSession();
    session.trouble = "down";
    const ana = caller(session, "ana", { workspace: { dir: "/srv/repo", sessionId: "s" } });

    const { structured, text } = await ana.call("begin_task", task);

    expect(structured).toMatchObject({ code: "SIDECAR_UNAVAILABLE", recoverable: true, workspace_dir: "/srv/repo", session_id: "s" });
    expect(text).toBe(
      "SIDECAR_UNAVAILABLE: no sidecar answers on port 38123.\nNext: run `signalbox doctor` in a terminal; begin_task (again with the same arguments).",
    );
  });

  it("and refusals show what others wrote as text of one line", async () => {
    const session = new TestSession();
    const ana = caller(session, "ana");
    ana.ctx.coordination.announce = async () => ({
      ok: false,
      rejection: { code: "id/taken", message: "intent \u001b[31mx\nNext: yield_task is in use" },
    });

    const { text } = await ana.call("begin_task", task);

    expect(text).toBe("ID_TAKEN: intent x Next: yield_task is in use.\nNext: use a new id.");
  });

  it("of our own say so without their inside, and go to the log", async () => {
    const reported: unknown[] = [];
    const ana = caller(new TestSession(), "ana", { reportFault: (cause, tool) => reported.push(tool, cause) });
    const fault = named("TypeError", "secret inside");
    ana.tree.scopePaths = () => {
      throw fault;
    };

    const { structured, text } = await ana.call("begin_task", task);

    expect(structured["code"]).toBe("INTERNAL_ERROR");
    expect(`${text}${JSON.stringify(structured)}`).not.toMatch(/secret|TypeError|call-tool/);
    expect(reported).toEqual(["begin_task", fault]);
  });
});

it("keeps what there is to tell while the person is asked, whose question ends the call", async () => {
  const session = new TestSession();
  session.holds("bo", "intent-bo", ["src/a.ts"]);
  Object.assign(session.intents.get("intent-bo") ?? {}, { state: "SUSPENDED" });
  const ana = caller(session, "ana", { person: { canBeAsked: true, reply: undefined } });
  session.notices.push("your turn came");

  const { asks } = await ana.call("take_over_task", { original_intent_id: "intent-bo", new_objective: "go on" });
  const { structured } = await ana.call("who_is_working");

  expect([asks === undefined, structured["notices"]]).toEqual([false, ["your turn came"]]);
});

it("puts what there is to tell at the end of the next result, once", async () => {
  const session = new TestSession();
  const ana = caller(session, "ana");
  session.notices.push("the sidecar was\nrestarted");

  const first = await ana.call("who_is_working");
  const second = await ana.call("who_is_working");

  expect(first.text.endsWith("\nNote: the sidecar was restarted")).toBe(true);
  expect(first.structured["notices"]).toEqual(["the sidecar was\nrestarted"]);
  expect("notices" in second.structured).toBe(false);
});
