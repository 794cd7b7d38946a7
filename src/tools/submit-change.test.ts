import { describe, expect, it } from "vitest";
import { EMPTY_REF } from "../wire/references.ts";
import { TestSession } from "./session.test.fixture.ts";
import { caller, refOf } from "./worktree.test.fixture.ts";

/** Ana with a task over `src` and a file in it that says «one». */
async function working() {
  const session = new TestSession();
  const ana = caller(session, "ana");
  ana.tree.files.set("src/a.ts", "one");
  const { structured } = await ana.call("begin_task", { objective: "x", files: ["src"] });
  const intent_id = String(structured["intent_id"]);
  session.received.length = 0;
  const submit = (content: string | null, before: string, target = "src/a.ts") =>
    ana.call("submit_change", { intent_id, target, content, state_ref_before: before });
  return { session, ana, tree: ana.tree, intent_id, submit };
}

describe("submitting a change", () => {
  it("records it and puts it in place", async () => {
    const { session, tree, submit } = await working();

    const { structured, text } = await submit("two", refOf("one"));

    expect(structured).toMatchObject({ status: "success", target: "src/a.ts", state_ref_after: refOf("two"), conflicting_files: [] });
    expect(text).toContain(`state_ref_after is ${refOf("two")}`);
    expect(tree.files.get("src/a.ts")).toBe("two");
    expect(session.received).toHaveLength(1);
    expect(session.received[0]).toMatch(/^commit op-[0-9a-f]{32} replace$/);
  });

  it("takes the short form of a reference", async () => {
    const { submit } = await working();

    expect((await submit("two", refOf("one").slice(0, 23))).structured["status"]).toBe("success");
  });

  it("makes a new file from the reference of nothing", async () => {
    const { session, tree, submit } = await working();

    const { structured } = await submit("new", EMPTY_REF, "./src/deep/new.ts");

    expect(structured).toMatchObject({ status: "success", target: "src/deep/new.ts" });
    expect(tree.files.get("src/deep/new.ts")).toBe("new");
    expect(session.received[0]).toMatch(/ insert$/);
  });

  it("deletes for null, and has nothing to delete the second time another way", async () => {
    const { session, tree, submit } = await working();

    const { structured } = await submit(null, refOf("one"));
    const absent = await submit(null, EMPTY_REF, "src/never.ts");

    expect(structured).toMatchObject({ status: "success", state_ref_after: EMPTY_REF });
    expect(tree.files.has("src/a.ts")).toBe(false);
    expect(session.received[0]).toMatch(/ delete$/);
    expect(absent.structured).toMatchObject({ status: "error", code: "TARGET_MISSING" });
    expect(session.received).toHaveLength(1);
  });

  it("tells an empty file from a deleted one", async () => {
    const { tree, submit } = await working();
    await submit("", EMPTY_REF, "src/empty.ts");

    const { structured } = await submit(null, EMPTY_REF, "src/empty.ts");

    expect(structured["status"]).toBe("success");
    expect(tree.files.has("src/empty.ts")).toBe(false);
  });
});

describe("submitting what is stale", () => {
  it("sends nothing when the file is not what the caller built on", async () => {
    const { session, tree, submit } = await working();

    const { structured, text, isError } = await submit("two", refOf("zero"));

    expect(isError).toBeUndefined();
    expect(structured).toMatchObject({
      status: "stale",
      state_ref_after: null,
      current_state_ref: refOf("one"),
      conflicting_files: ["src/a.ts"],
    });
    expect(text).toContain('get_file_state {"path":"src/a.ts"}');
    expect(session.received).toEqual([]);
    expect(tree.files.get("src/a.ts")).toBe("one");
  });

  it("leaves no trace when the session refuses it", async () => {
    const { session, tree, submit } = await working();
    session.trouble = "operation/stale";

    const { structured } = await submit("two", refOf("one"));

    expect(structured["status"]).toBe("stale");
    expect(tree.files.get("src/a.ts")).toBe("one");
    expect(tree.waiting.size).toBe(0);
  });

  it("never overwrites a file that changed in the last moment, keeps the text, and takes the operation back", async () => {
    const { session, tree, intent_id, submit } = await working();
    tree.meanwhile = () => tree.files.set("src/a.ts", "by hand");

    const { structured, text } = await submit("two", refOf("one"));

    expect(structured).toMatchObject({ status: "stale", current_state_ref: refOf("by hand") });
    expect(text).toContain("your text is kept in src/a.ts.kept");
    expect(tree.files.get("src/a.ts")).toBe("by hand");
    expect(session.intents.get(intent_id)?.operations).toMatchObject([
      { state: "SUPERSEDED", state_ref_after: refOf("two") },
      { state: "COMMITTED", state_ref_before: refOf("two"), state_ref_after: refOf("by hand") },
    ]);
    expect(tree.waiting.size).toBe(0);
  });

  it("says so and keeps the note when the session cannot be told that it did not happen", async () => {
    const { session, tree, submit } = await working();
    tree.meanwhile = () => {
      tree.files.set("src/a.ts", "by hand");
      session.trouble = "request-lost";
    };

    const { structured, text } = await submit("two", refOf("one"));

    expect(structured["status"]).toBe("stale");
    expect(text).toContain("the session still has it as done");
    expect(tree.waiting.size).toBe(1);
  });
});

describe("submitting again", () => {
  it("is a success without another operation when it is done already, also after the task ended", async () => {
    const { session, intent_id, submit } = await working();
    await submit("two", refOf("one"));
    session.end(intent_id, "EXPIRED");

    const { structured, text } = await submit("two", refOf("one"));

    expect(structured["status"]).toBe("success");
    expect(text).toContain("had been done before");
    expect(session.received).toHaveLength(1);
  });

  it("is not done already when somebody else wrote the same text", async () => {
    const { session, tree, submit } = await working();
    tree.files.set("src/a.ts", "two");

    const { structured } = await submit("two", refOf("one"));

    expect(structured["status"]).toBe("stale");
    expect(session.received).toEqual([]);
  });

  it("is not done already when the same text was built on another", async () => {
    const { submit } = await working();
    await submit("two", refOf("one"));

    expect((await submit("two", refOf("zero"))).structured["status"]).toBe("stale");
  });

  it("is another operation when the first one was undone by hand", async () => {
    const { session, tree, submit } = await working();
    await submit("two", refOf("one"));
    tree.files.set("src/a.ts", "one");

    const { structured } = await submit("two", refOf("one"));

    expect(structured["status"]).toBe("success");
    expect(new Set(session.received).size).toBe(2);
  });

  it("finishes what the session has recorded and whose answer was lost, as one operation", async () => {
    const { session, tree, intent_id, submit } = await working();
    session.trouble = "answer-lost";

    const lost = await submit("two", refOf("one"));
    expect(lost.structured).toMatchObject({ status: "error", code: "OUTCOME_UNKNOWN" });
    expect(lost.text).toContain("it is not known whether submit_change was recorded");
    expect(tree.files.get("src/a.ts")).toBe("one");
    expect(tree.waiting.size).toBe(1);
    const again = await submit("two", refOf("one"));

    expect(again.structured["status"]).toBe("success");
    expect(tree.files.get("src/a.ts")).toBe("two");
    expect(tree.waiting.size).toBe(0);
    expect(session.intents.get(intent_id)?.operations).toHaveLength(1);
    expect(session.received).toHaveLength(1);
  });

  it("sends the same operation when the first one never arrived", async () => {
    const { session, tree, submit } = await working();
    session.trouble = "request-lost";
    await submit("two", refOf("one"));
    const [waiting] = tree.waiting.keys();

    await submit("two", refOf("one"));

    expect(session.received).toEqual([`commit ${waiting} replace`]);
    expect(tree.files.get("src/a.ts")).toBe("two");
  });
});

describe("a submit that may not be", () => {
  it.each([
    {
      name: "an intent of another",
      change: { intent_id: "intent-bo" },
      code: "INTENT_NOT_OWNER",
      says: "belongs to bo, not to you; your live tasks: intent-a1",
    },
    { name: "an unknown intent", change: { intent_id: "intent-x" }, code: "INTENT_UNKNOWN", says: "your live tasks: intent-a1" },
    {
      name: "a file outside the task",
      change: { target: "docs/b.md" },
      code: "OUT_OF_SCOPE",
      says: 'begin_task {"objective":"…","files":["docs/b.md"]}',
    },
    { name: "a path outside the repository", change: { target: "../a.ts" }, code: "TARGET_REFUSED", says: "leaves the repository" },
    { name: "a file that cannot be read", change: { target: "src/denied" }, code: "TARGET_REFUSED", says: "cannot be read" },
    { name: "text that is no Unicode", change: { content: "\ud800" }, code: "INVALID_ARGUMENTS", says: "content: it is not valid Unicode" },
  ])("is refused for $name, and nothing is sent or written", async ({ change, code, says }) => {
    const { session, ana, tree, intent_id } = await working();
    session.holds("bo", "intent-bo", ["src/a.ts"]);
    const args = { intent_id, target: "src/a.ts", content: "two", state_ref_before: refOf("one"), ...change };

    const { structured, text, isError } = await ana.call("submit_change", args);

    expect(isError).toBe(true);
    expect(structured).toMatchObject({ status: "error", code });
    expect(text).toContain(says);
    expect(session.received).toEqual([]);
    expect(Object.fromEntries(tree.files)).toEqual({ "src/a.ts": "one" });
    expect(tree.waiting.size).toBe(0);
  });

  it("is refused for a task that has ended", async () => {
    const { session, intent_id, submit } = await working();
    session.end(intent_id, "SUPERSEDED", "intent-new");

    const { structured, text } = await submit("two", refOf("one"));

    expect(structured).toMatchObject({ status: "error", code: "INTENT_ENDED" });
    expect(text).toContain("is SUPERSEDED; nothing was written");
    expect(session.received).toEqual([]);
  });

  it.each([
    { trouble: "intent/fence-passed", status: "error", code: "INTENT_FENCE_PASSED" },
    { trouble: "store/unavailable", status: "error", code: "STORE_UNAVAILABLE" },
    { trouble: "intent/held", status: "conflict", code: undefined },
  ] as const)("answers $status when the session refuses with $trouble, and takes the text back", async ({ trouble, status, code }) => {
    const { session, tree, submit } = await working();
    session.trouble = trouble;

    const { structured } = await submit("two", refOf("one"));

    expect([structured["status"], structured["code"]]).toEqual([status, code]);
    expect(tree.files.get("src/a.ts")).toBe("one");
    expect(tree.waiting.size).toBe(0);
  });

  it("takes the operation back when the disk refuses the file after the session agreed", async () => {
    const { session, tree, intent_id, submit } = await working();
    tree.fault = "apply";

    const { structured, text } = await submit("two", refOf("one"));

    expect(structured).toMatchObject({ status: "error", code: "WRITE_FAILED" });
    expect(text).toContain("the disk is full");
    expect(session.intents.get(intent_id)?.operations[0]).toMatchObject({ state: "SUPERSEDED" });
    expect(tree.waiting.size).toBe(0);
  });

  it.each([
    { fault: "prepare", code: "WRITE_FAILED", sent: 0 },
    { fault: "lost", code: "CONTENT_LOST", sent: 2 },
  ] as const)("says what happened when the text is lost at $fault", async ({ fault, code, sent }) => {
    const { session, tree, submit } = await working();
    tree.fault = fault;

    const { structured } = await submit("two", refOf("one"));

    expect(structured).toMatchObject({ status: "error", code });
    expect(session.received).toHaveLength(sent);
    expect(tree.files.get("src/a.ts")).toBe("one");
  });

  it("leaves nothing waiting when the sidecar went away before anything was sent", async () => {
    const { session, ana, tree, submit } = await working();
    const prepare = tree.prepare.bind(tree);
    tree.prepare = async (change) => {
      session.trouble = "down";
      return prepare(change);
    };

    const { structured } = await submit("two", refOf("one"));

    expect(structured).toMatchObject({ code: "SIDECAR_UNAVAILABLE" });
    expect(ana.tree.waiting.size).toBe(0);
  });
});

describe("a symbolic link in the worktree", () => {
  async function linked(files: string[]) {
    const session = new TestSession();
    const ana = caller(session, "ana");
    ana.tree.files.set("lib/real.ts", "one");
    ana.tree.links.set("src/link.ts", "lib/real.ts");
    const { structured } = await ana.call("begin_task", { objective: "x", files });
    const submit = (content: string | null) =>
      ana.call("submit_change", {
        intent_id: String(structured["intent_id"]),
        target: "src/link.ts",
        content,
        state_ref_before: refOf("one"),
      });
    return { ana, structured, submit };
  }

  it("is announced as itself and as the file it leads to", async () => {
    const { structured } = await linked(["src/link.ts"]);

    expect(structured["files"]).toEqual(["lib/real.ts", "src/link.ts"]);
  });

  it("is no way around the task's files: what counts is where the bytes lie", async () => {
    const { ana, submit } = await linked(["src"]);

    const { structured, text } = await submit("two");

    expect(structured).toMatchObject({ status: "error", code: "OUT_OF_SCOPE", target: "lib/real.ts" });
    expect(text).toContain('"files":["lib/real.ts"]');
    expect(ana.tree.files.get("lib/real.ts")).toBe("one");
  });

  it("is written through under the name of its file", async () => {
    const { ana, submit } = await linked(["src/link.ts"]);

    expect((await submit("two")).structured).toMatchObject({ status: "success", target: "lib/real.ts" });
    expect(ana.tree.files.get("lib/real.ts")).toBe("two");
  });
});

it("carries out the same submit made five times at once a single time", async () => {
  const { session, tree, submit } = await working();

  const results = await Promise.all(Array.from({ length: 5 }, () => submit("two", refOf("one"))));

  expect(results.map(({ structured }) => structured["status"])).toEqual(Array.from({ length: 5 }, () => "success"));
  expect(session.received).toHaveLength(1);
  expect(tree.files.get("src/a.ts")).toBe("two");
});

describe("a task that another one of its owner has replaced", () => {
  it("names the successor where that holds the file, and the way to begin again where not", async () => {
    const { ana, submit } = await working();
    ana.tree.files.set("src/b.ts", "one");
    const { structured } = await ana.call("begin_task", { objective: "y", files: ["src/a.ts"] });

    const held = await submit("two", refOf("one"));
    const freed = await submit("two", refOf("one"), "src/b.ts");

    expect(held.text).toContain(`is SUPERSEDED by ${String(structured["intent_id"])}; nothing was written`);
    expect(held.text).toMatch(/Next: submit_change/);
    expect(freed.text).toContain("is SUPERSEDED; nothing was written");
    expect(freed.text).toMatch(/Next: begin_task \{"objective":"…","files":\["src\/b.ts"\]\}/);
  });
});
