import { describe, expect, it } from "vitest";
import { TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

function ana() {
  const called = caller(new TestSession(), "ana");
  for (const path of ["src/a.ts", "src/{a,b}.ts", "app/[id]/page.tsx", "lib/[a-z].ts"]) called.tree.files.set(path, "");
  return called;
}

describe("a path with braces or brackets", () => {
  it.each([
    "src/{c,d}.ts",
    "src/**/*.{ts,tsx}",
    "img/{1..9}.png",
    "src/[a-c].ts",
    "src/[!a].ts",
    "src/*.[jt]s",
    "src/[ab]*",
    "!src/gen/**",
    "app/[slug]/x.tsx",
  ])("is said to be one name where it looks like a pattern and nothing of that name is there: %s", async (path) => {
    const { text, structured } = await ana().call("check_overlap", { files: ["src/a.ts", path] });

    expect(structured["hint"]).toMatch(/^Braces, brackets and ! are letters here, not a pattern: .* stands for that one name\./);
    expect(text).toContain("Name each file, or use * ** ?.");
    expect(text).not.toContain("src/a.ts stands");
  });

  it.each([
    "src/{a,b}.ts",
    "src/{a}.ts",
    "app/[id]/page.tsx",
    "app/[id]/new/layout.tsx",
    "app/[...rest].tsx",
    "app/[id]/*.tsx",
    "[root].tsx",
    "src/wow!.ts",
    "lib/[a-z].ts",
    "src/a.ts",
  ])("is taken as it is where it may well be meant so: %s", async (path) => {
    expect((await ana().call("check_overlap", { files: [path] })).structured).not.toHaveProperty("hint");
  });

  it.each([
    { name: "begun", tool: "begin_task", args: { objective: "x", files: ["{a,b}"] } },
    { name: "looked for", tool: "who_is_working", args: { paths: ["{a,b}"] } },
  ])("is told of when it is $name as well", async ({ tool, args }) => {
    const { text } = await ana().call(tool, args);

    expect(text).toContain("{a,b} stands for that one name.");
  });

  it("is told of when others hold a file", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);

    const { text } = await caller(session, "ana").call("begin_task", { objective: "x", files: ["src/a.ts", "{a,b}"] });

    expect(text).toMatch(/^blocked: /);
    expect(text).toContain("{a,b} stands for that one name.");
  });
});
