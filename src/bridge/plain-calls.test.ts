/** Which lines of a host are answered beside the SDK's server, and that they are taken back as those that it answers. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { isJSONRPCRequest } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import type { AskedToCall, Called } from "../mcp/face.ts";
import { envelope, ERAS, faceWith, said } from "../mcp/talk.test.fixture.ts";
import { createHostCalls } from "./plain-calls.ts";

type Era = (typeof ERAS)[number];

const QUESTION = { message: "Which?", fields: { why: { type: "string", title: "Why" } }, required: ["why"], state: {} } as const;

function hostCalls(act: (asked: AskedToCall) => Called | Promise<Called> = () => said("done")) {
  const sent: object[] = [];
  const passedOn: object[] = [];
  const calls = createHostCalls({
    face: faceWith({ act }),
    client: () => ({ clientName: "host", capabilities: { elicitation: {} } }),
    send: (message) => void sent.push(message),
    whenSent: (_id, tell) => setImmediate(() => tell(true)),
    isRequest: isJSONRPCRequest,
    passOn: (message) => void passedOn.push(message),
    report: () => undefined,
  });
  return { calls, sent, passedOn };
}

/** As the SDK's server of this era calls. */
const calledBySdk = (era: Era): AskedToCall => ({
  era,
  signal: new AbortController().signal,
  clientName: "host",
  visit: undefined,
  person: { canBeAsked: false },
  progress: undefined,
});

const messageOf = (message: object) => ({ jsonrpc: "2.0", ...message });
const call = (era: Era | undefined, more: object = {}, id = 5) =>
  messageOf({
    id,
    method: "tools/call",
    params: { name: "act", arguments: {}, ...(era === "modern" ? { _meta: envelope() } : {}), ...more },
  });

describe("a message of a host", () => {
  it.each([
    { name: "before any call", settled: undefined, said: call("legacy"), taken: false },
    { name: "a call of 2026 before any", settled: undefined, said: call("modern"), taken: false },
    { name: "a call", settled: "legacy", said: call("legacy"), taken: true },
    { name: "a call of 2026", settled: "modern", said: call("modern"), taken: true },
    { name: "a call of the other era", settled: "legacy", said: call("modern"), taken: false },
    { name: "a call of the other era", settled: "modern", said: call("legacy"), taken: false },
    {
      name: "a call that wants to hear of progress",
      settled: "legacy",
      said: call("legacy", { _meta: { progressToken: 1 } }),
      taken: true,
    },
    { name: "a call with a mark of the host's", settled: "legacy", said: call("legacy", { _meta: { "host/id": 1 } }), taken: true },
    {
      name: "a marked call",
      settled: "modern",
      said: call("modern", { _meta: { ...envelope(), "h/id": 1, progressToken: "p" } }),
      taken: true,
    },
    { name: "a mark of the protocol", settled: "legacy", said: call("legacy", { _meta: { "dev.mcp/a": 1 } }), taken: false },
    { name: "a bare mark", settled: "modern", said: call("modern", { _meta: { ...envelope(), traceparent: "0" } }), taken: false },
    { name: "a list", settled: "legacy", said: messageOf({ id: 5, method: "tools/list" }), taken: false },
  ] as const)("$name is taken, or is the SDK's: $settled, $taken", async ({ settled, said: text, taken }) => {
    const { calls } = hostCalls();
    if (settled !== undefined) await calls.face.call("act", {}, calledBySdk(settled));

    expect(calls.takes(text)).toBe(taken);
  });

  it("is the SDK's again behind another `initialize`", async () => {
    const { calls } = hostCalls();
    await calls.face.call("act", {}, calledBySdk("legacy"));

    expect(calls.takes(messageOf({ id: 4, method: "initialize", params: {} }))).toBe(false);
    expect(calls.takes(call("legacy"))).toBe(false);
  });
});

describe("a request that is none", () => {
  it.each([
    { name: "whose params are a list", said: { id: 5, method: "tools/call", params: [] } },
    { name: "whose `_meta` is nothing", said: { id: 5, method: "tools/call", params: { name: "act", _meta: null } } },
    { name: "whose `_meta` is a list", said: { id: 5, method: "tools/call", params: { name: "act", _meta: [] } } },
    { name: "whose token is none", said: { id: 5, method: "tools/call", params: { name: "act", _meta: { progressToken: null } } } },
    { name: "with a member more", said: { id: 5, method: "tools/list", more: 1 } },
    { name: "without a method", said: { id: 5 } },
    { name: "that has a result as well", said: { id: 5, method: "tools/list", result: {} } },
    { name: "whose id is no whole number", said: { id: 1.5, method: "tools/list" } },
  ])("$name is refused under its id, before any call and behind one", async ({ said: message }) => {
    const { calls, sent, passedOn } = hostCalls();

    const before = calls.takes(messageOf(message));
    await calls.face.call("act", {}, calledBySdk("legacy"));
    const behind = calls.takes(messageOf(message));

    const refused = {
      jsonrpc: "2.0",
      id: message.id,
      error: { code: -32_600, message: expect.stringContaining("progressToken") as string },
    };
    expect([before, behind, sent, passedOn]).toEqual([true, true, [refused, refused], []]);
  });

  it.each([
    { name: "nobody waits for", said: { id: null, method: "tools/list" } },
    { name: "an answer is", said: { id: 5, result: 7 } },
    { name: "says that something went wrong", said: { id: 5, error: 7 } },
    { name: "tells something", said: { method: "notifications/initialized", params: [] } },
  ])("is left to the SDK where it is what $name", ({ said: message }) => {
    const { calls, sent } = hostCalls();

    expect([calls.takes(messageOf(message)), sent]).toEqual([false, []]);
  });
});

describe.each(ERAS)("a call of the %s era that is taken", (era) => {
  async function taken(act?: Parameters<typeof hostCalls>[0]) {
    const host = hostCalls(act);
    await host.calls.face.call("act", {}, calledBySdk(era));
    return host;
  }

  it("is answered", async () => {
    const { calls, sent, passedOn } = await taken();

    calls.takes(call(era));
    await expect.poll(() => sent).toHaveLength(1);

    expect(sent).toMatchObject([{ jsonrpc: "2.0", id: 5, result: { content: [{ text: "done" }] } }]);
    expect(passedOn).toEqual([]);
  });

  it("tells how far it has come before it is answered, under the token that it came with", async () => {
    const late: (() => void)[] = [];
    const { calls, sent } = await taken(({ progress }) => {
      late.push(() => progress?.({ done: 3, message: "too late" }));
      progress?.({ done: 1, total: 2, message: "waiting" });
      progress?.({ done: 1, message: "again" });
      return said("done");
    });

    calls.takes(call(era, { _meta: { ...(era === "modern" ? envelope() : {}), progressToken: "p" } }));
    await expect.poll(() => sent).toHaveLength(2);
    for (const tell of late) tell();

    const params = { progressToken: "p", progress: 1, total: 2, message: "waiting" };
    expect(sent).toMatchObject([{ jsonrpc: "2.0", method: "notifications/progress", params }, { id: 5 }]);
    expect(sent).toHaveLength(2);
  });

  it("is handed to the SDK as it came when it ends in a question", async () => {
    let calledPlainly = false;
    const { calls, sent, passedOn } = await taken(() => (calledPlainly ? said("asks", { asks: QUESTION }) : said("done")));

    calledPlainly = true;
    const marked = call(era, { _meta: { ...(era === "modern" ? envelope() : {}), "host/id": 1, progressToken: 2 } });
    calls.takes(marked);
    await expect.poll(() => passedOn).toHaveLength(1);

    expect(passedOn).toEqual([marked]);
    expect(sent).toEqual([]);
  });

  it.each(["cancelled", "end"] as const)("has no answer and has given nothing when it is over before: %s", async (how) => {
    const settled: boolean[] = [];
    let goesOn: () => void = () => undefined;
    let calledPlainly = false;
    const waits = new Promise<void>((resolve) => (goesOn = resolve));
    const { calls, sent } = await taken(async ({ signal }) => {
      if (!calledPlainly) return said("done");
      await waits;
      return said(`aborted ${signal.aborted}`, { settle: (given) => void settled.push(given) });
    });

    calledPlainly = true;
    calls.takes(call(era));
    calls.cancelled(6); // of another request
    if (how === "end") calls.end();
    else calls.cancelled(5);
    goesOn();
    await expect.poll(() => settled).toEqual([false]);
    await nextTurn();

    expect(sent).toEqual([]);
  });

  it("is the SDK's while another one of its id is under way, and has given what it gave", async () => {
    const settled: boolean[] = [];
    let goesOn: () => void = () => undefined;
    let calledPlainly = false;
    const waits = new Promise<void>((resolve) => (goesOn = resolve));
    const { calls, sent } = await taken(async () => {
      if (calledPlainly) await waits;
      return said("done", { settle: (given) => void settled.push(given) });
    });

    calledPlainly = true;
    const both = [calls.takes(call(era)), calls.takes(call(era))];
    goesOn();
    await expect.poll(() => settled).toEqual([true]);

    expect(both).toEqual([true, false]);
    expect(sent).toHaveLength(1);
    expect(calls.takes(call(era))).toBe(true);
  });

  it("is not begun when the host has gone", async () => {
    const { calls } = await taken();

    calls.end();

    expect(calls.takes(call(era))).toBe(false);
  });

  it("has given what it gave when its answer has left, whatever is cancelled then", async () => {
    const settled: boolean[] = [];
    const { calls, sent } = await taken(() => said("done", { settle: (given) => void settled.push(given) }));

    calls.takes(call(era));
    await expect.poll(() => sent).toHaveLength(1);
    calls.cancelled(5);

    await expect.poll(() => settled).toEqual([true]);
  });
});
