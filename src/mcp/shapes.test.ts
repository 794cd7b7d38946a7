/**
 * That what is made for each call has the shape of what was made for the call before. A shape of its own costs its making, and so
 * does an accessor of its own; either lies in the old part of the heap, and what it holds stays there until that is collected.
 */
import { expect, it } from "vitest";
import { defineTool } from "../tools/tool.ts";
import type { ToolContext } from "../tools/ports.ts";
import { TestSession } from "../tools/session.test.fixture.ts";
import { caller } from "../tools/worktree.test.fixture.ts";
import { answersOfTools } from "./face-of-tools.ts";
import { createPlainCalls } from "./plain-call.ts";
import { BEFORE, haveOneShape, lastTwo } from "./shape.test.fixture.ts";
import { envelope } from "./talk.test.fixture.ts";

const ASKED = {
  clientName: "cli",
  era: "modern",
  visit: undefined,
  person: { canBeAsked: false },
  progress: undefined,
  signal: new AbortController().signal,
} as const;

it("holds for what a tool is given and for what it answers", async () => {
  const given: ToolContext[] = [];
  const tool = defineTool({
    name: "look",
    title: "Look",
    description: "Looks.",
    profile: "core",
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
    input: {},
    output: {},
    handler(ctx) {
      given.push(ctx);
      return Promise.resolve({ structured: { seen: given.length }, lines: ["Seen."], next: [{ why: "look away" }] });
    },
  });
  const context = caller(new TestSession(), "ana").ctx;
  const face = answersOfTools({ tools: [tool], contextFor: () => Promise.resolve(context) });

  const [one, other] = await lastTwo(async () => {
    const called = await face.call("look", {}, ASKED);
    if (called.outcome !== "result") throw new Error(called.message);
    return called.result.structured;
  });

  expect(haveOneShape(one, other)).toBe(true);
  expect(haveOneShape(given[BEFORE] as object, given[BEFORE + 1] as object)).toBe(true);
  expect(given[BEFORE]?.signal).toBe(ASKED.signal);
});

it("holds for a plain call as it is read", async () => {
  const calls = createPlainCalls();
  const headers = new Headers({ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "act" });
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 7,
    method: "tools/call",
    params: { name: "act", arguments: {}, _meta: envelope() },
  });

  const [one, other] = await lastTwo(() => Promise.resolve(calls.in2026(JSON.parse(body), headers) ?? {}));

  expect(one).toMatchObject({ id: 7, tool: "act" });
  expect(haveOneShape(one, other)).toBe(true);
});
