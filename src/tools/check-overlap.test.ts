import { describe, expect, it } from "vitest";
import type { ObservedView } from "../wire/query/views.ts";
import { NOW_MS, TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

const seen = (more: Partial<ObservedView> = {}): ObservedView => ({
  worktree: "/w/shop-2",
  branch: "topic",
  principals: ["bo"],
  paths: ["src/a.ts"],
  observed_at: new Date(NOW_MS - 4_000).toISOString(),
  yours: false,
  ...more,
});

/** What is said of files over which these edits were seen. */
async function checked(...observed: ObservedView[]) {
  const session = new TestSession();
  session.observed.push(...observed);
  return caller(session, "ana").call("check_overlap", { files: ["src"] });
}

describe("edits without a task", () => {
  it("are an overlap of their own kind: seen, and held by nobody", async () => {
    const { structured, text } = await checked(seen());

    expect(structured).toMatchObject({ has_overlap: true, verdict: "observed", total: 0 });
    expect(structured["overlaps"]).toMatchObject([{ kind: "observed", intent_id: null, principal_id: "bo", paths: ["src/a.ts"] }]);
    expect(text).toContain("src/a.ts changed without a task in worktree shop-2 on branch topic, where bo works (seen 4 s ago)");
  });

  it("of a worktree where nobody works through the session are said to be nobody's", async () => {
    expect((await checked(seen({ principals: [] }))).text).toContain("by nobody known here");
  });

  it("in one's own worktree may be one's own", async () => {
    expect((await checked(seen({ yours: true, principals: ["ana", "cy"] }))).text).toContain(
      "in your own worktree on branch topic, by you or somebody else who works there",
    );
  });
});

describe("files that one's own task holds", () => {
  const asked = { files: ["src/a.ts", "src/b.ts"] };

  it("are for going on under it: to begin another would end it", async () => {
    const session = new TestSession();
    const ana = caller(session, "ana");
    const begun = await ana.call("begin_task", { objective: "rename", files: ["src/a.ts", "src/b.ts", "src/c.ts"] });
    const intent = String(begun.structured["intent_id"]);

    const { structured, text } = await ana.call("check_overlap", asked);

    expect(structured).toMatchObject({ verdict: "clear", own: [intent] });
    expect(text).toContain(`clear: nobody else holds src/a.ts, src/b.ts.\nAll of that is yours already, by ${intent}.\n`);
    expect(structured["next"]).toEqual([
      { why: `edit under ${intent}` },
      { tool: "yield_task", arguments: { intent_id: intent }, why: "when you are done" },
    ]);

    session.observed.push(seen({ yours: true }));
    const again = await ana.call("check_overlap", asked);
    expect(again.structured["next"]).toContainEqual({ why: `edit under ${intent}` });
  });

  it("are to be announced where it holds a part of them", async () => {
    const ana = caller(new TestSession(), "ana");
    await ana.call("begin_task", { objective: "rename", files: ["src/a.ts"] });

    const { structured } = await ana.call("check_overlap", asked);

    expect(structured["next"]).toMatchObject([{ tool: "begin_task" }]);
  });
});

it.each(["check_overlap", "begin_task"])("names the call that frees what a sub-agent of one's own has left, in %s", async (tool) => {
  const session = new TestSession();
  session.holds("bo", "intent-bo", ["src/a.ts"]);
  session.holds("ana/reviewer", "intent-agent", ["src/a.ts"]);
  const asked = { files: ["src/a.ts"], ...(tool === "begin_task" ? { objective: "x" } : {}) };
  const yields = { tool: "yield_task", arguments: { intent_id: "intent-agent" } };

  const [ana, cy] = await Promise.all(["ana", "cy"].map((who) => caller(session, who).call(tool, asked)));

  expect(ana?.structured["next"]).toContainEqual({ ...yields, why: "if ana/reviewer, a sub-agent of yours, is done with it" });
  expect(cy?.structured["next"]).not.toContainEqual(expect.objectContaining(yields));
});
