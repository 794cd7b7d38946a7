import { describe, expect, it } from "vitest";
import { silentLog } from "../../engine/log.ts";
import { modern, post, toolCall } from "../../app/mcp.test.fixture.ts";
import { EVERYBODY, mount } from "./mcp-edge.test.fixture.ts";
import { serveTools } from "./tool-serving.ts";
import { createUnderWay } from "./under-way.ts";

/** Nobody can be anybody there. */
const tools = () =>
  serveTools({
    version: "1",
    callers: EVERYBODY,
    visitors: { visit: () => Promise.reject(new Error("nobody comes in here")) },
    changes: {
      watch: () => Promise.reject(new Error("nothing changes here")),
      follow: () => {
        throw new Error("nothing changes here");
      },
    },
    baseOf: () => "http://localhost",
    underWay: createUnderWay(),
    nowMs: () => 0,
    log: silentLog,
  });

describe("the tools over HTTP", () => {
  it("do nothing for whoever may only read, before it is looked whom that makes", async () => {
    await using mounted = await mount({ serve: tools() });
    const [body, headers] = modern("tools/call", { name: "claim_lane", arguments: { lane: "one" } });

    const answers = [await post(mounted.url, toolCall("claim_lane", { lane: "one" })), await post(mounted.url, body, headers)];

    for (const answered of answers)
      expect(answered.body).toMatchObject({
        result: { isError: true, structuredContent: { code: "CREDENTIAL_REJECTED", recoverable: true } },
      });
  });

  it("tell a client nothing of a fault that it can do nothing about", async () => {
    await using mounted = await mount({ serve: tools() });

    const answered = await post(mounted.url, toolCall("claim_lane", { lane: "one" }), { authorization: "Bearer ana" });

    expect(JSON.stringify(answered.body)).not.toContain("nobody comes in here");
    expect(answered.body).toHaveProperty("error", expect.objectContaining({ code: -32603 }));
  });

  it("are rendered once for those who choose the same", () => {
    const serve = tools();

    expect([serve("s", { readOnly: true }) === serve("t", { readOnly: true }), serve("s", {}) === serve("s", { readOnly: true })]).toEqual([
      true,
      false,
    ]);
  });
});
