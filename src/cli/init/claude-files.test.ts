import { describe, expect, it } from "vitest";
import { guardsIn, withGuard, withoutGuard, withoutServer, withServer } from "./claude-files.ts";
import { readJson } from "./json-edit.ts";

const SERVER = { command: "/n/node", args: ["/s/signalbox.js", "mcp"] };
const GUARD = "/s/signalbox-guard.sh --store /r -- /n/node /s/signalbox.js";
const OLD = "/old/signalbox-guard.sh --store /r -- node x";
const MATCHER = "Edit|Write|MultiEdit|NotebookEdit";

const mcp = (value: object) => readJson(".mcp.json", JSON.stringify(value, undefined, 2));
const settings = (value: object) => readJson(".claude/settings.local.json", JSON.stringify(value, undefined, 2));
const group = (command: string, matcher: string | undefined = MATCHER) => ({ matcher, hooks: [{ type: "command", command, timeout: 5 }] });
const before = (...groups: object[]) => ({ hooks: { PreToolUse: groups } });
const other = { matcher: "Bash", hooks: [{ type: "command", command: "./mine.sh" }] };

describe("the server", () => {
  it.each([
    { name: "beside others", given: { mcpServers: { x: { command: "x" } } }, gives: { x: { command: "x" }, signalbox: SERVER } },
    { name: "in a file without servers", given: { other: 1 }, gives: { signalbox: SERVER } },
    {
      name: "over stale paths",
      given: { mcpServers: { signalbox: { command: "/o", args: ["/o.js", "mcp"] } } },
      gives: { signalbox: SERVER },
    },
    {
      name: "with the options and the environment that a person gave it",
      given: { mcpServers: { signalbox: { command: "npx", args: ["-y", "signalbox", "mcp", "--read-only"], env: { A: "1" } } } },
      gives: { signalbox: { command: "/n/node", args: ["/s/signalbox.js", "mcp", "--read-only"], env: { A: "1" } } },
    },
    { name: "over one that is no program", given: { mcpServers: { signalbox: { url: "http://x" } } }, gives: { signalbox: SERVER } },
  ])("is put $name", ({ given, gives }) => {
    const file = withServer(mcp(given), SERVER);

    expect(file.value["mcpServers"]).toEqual(gives);
    expect(withServer(file, SERVER)).toBe(file);
  });

  it.each([
    { name: "alone", given: { mcpServers: { signalbox: SERVER }, other: 1 }, gives: { other: 1 } },
    { name: "beside others", given: { mcpServers: { signalbox: SERVER, x: {} } }, gives: { mcpServers: { x: {} } } },
    { name: "nowhere", given: { mcpServers: {} }, gives: { mcpServers: {} } },
  ])("is taken away where it stands $name", ({ given, gives }) => {
    expect(withoutServer(mcp(given)).value).toEqual(gives);
  });

  it("refuses a file whose servers are no object", () => {
    expect(() => withServer(mcp({ mcpServers: [] }), SERVER)).toThrow(/has array where mcpServers is to be object/);
  });
});

describe("the guard", () => {
  it.each([
    { name: "in a file without hooks", given: { model: "x" }, gives: [group(GUARD)] },
    { name: "behind other hooks", given: before(other), gives: [other, group(GUARD)] },
    { name: "over stale paths", given: before(group(OLD), other), gives: [group(GUARD), other] },
    { name: "in one place when it stood in two", given: before(group(OLD), group(GUARD)), gives: [group(GUARD)] },
    { name: "in a group of its own when it stood behind a narrower matcher", given: before(group(OLD, "Edit")), gives: [group(GUARD)] },
    { name: "where a person put it, before all tools", given: before(group(OLD, "*")), gives: [group(GUARD, "*")] },
    {
      name: "with the time limit that a person gave it",
      given: before({ matcher: "Write|Edit|MultiEdit|NotebookEdit|X", hooks: [{ type: "command", command: OLD, timeout: 9 }] }),
      gives: [{ matcher: "Write|Edit|MultiEdit|NotebookEdit|X", hooks: [{ type: "command", command: GUARD, timeout: 9 }] }],
    },
    {
      name: "beside the other hooks of its group",
      given: before({ matcher: MATCHER, hooks: [other.hooks[0], { type: "command", command: OLD }] }),
      gives: [{ matcher: MATCHER, hooks: [other.hooks[0], { type: "command", command: GUARD }] }],
    },
  ])("is put $name", ({ given, gives }) => {
    const file = withGuard(settings(given), GUARD);

    expect(file.value["hooks"]).toEqual({ PreToolUse: gives });
    expect(withGuard(file, GUARD)).toBe(file);
  });

  it.each([
    { name: "alone", given: { a: 1, ...before(group(OLD)) }, gives: { a: 1 } },
    { name: "beside other hooks", given: before(other, group(OLD), other, group(GUARD)), gives: before(other, other) },
    { name: "beside other events", given: { hooks: { Stop: [], PreToolUse: [group(OLD)] } }, gives: { hooks: { Stop: [] } } },
    {
      name: "in a group with others",
      given: before({ matcher: "*", hooks: [{ type: "command", command: OLD }, ...other.hooks] }),
      gives: before({ matcher: "*", hooks: other.hooks }),
    },
    { name: "nowhere", given: before(), gives: before() },
  ])("is taken away where it stands $name", ({ given, gives }) => {
    expect(withoutGuard(settings(given)).value).toEqual(gives);
  });

  it("refuses hooks of another shape", () => {
    expect(() => withGuard(settings({ hooks: [] }), GUARD)).toThrow(/has array where hooks is to be object/);
    expect(() => withGuard(settings({ hooks: { PreToolUse: {} } }), GUARD)).toThrow(/has object where hooks\.PreToolUse is to be array/);
  });

  it.each([
    { matcher: MATCHER, covers: true },
    { matcher: "", covers: true },
    { matcher: ".*", covers: true },
    { matcher: "Edit|Write", covers: false },
    { matcher: "mcp__.*", covers: false },
    { matcher: "(", covers: false },
  ])("behind $matcher covers the edit tools: $covers", ({ matcher, covers }) => {
    expect(guardsIn(settings(before(group(GUARD, matcher))))[0]?.coversEdits).toBe(covers);
  });
});
