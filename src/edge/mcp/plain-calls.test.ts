/** Which calls of tools make no server of the SDK, and that they are taken back as those that do. */
import { describe, expect, it } from "vitest";
import { begin, modern, post, request, toolCall } from "../../app/mcp.test.fixture.ts";
import { mount } from "./mcp-edge.test.fixture.ts";
import type { Serving } from "./serving.ts";
import { toy } from "./toy.test.fixture.ts";

const ANA = { authorization: "Bearer ana" };
const PLAIN = { content: [{ type: "text", text: "plain" }] };

/** Answers each call but `report`, and `wait` when it is taken back. */
function plainToy() {
  const calls: string[] = [];
  const plainly: Serving["plainly"] = async ({ id, tool }, { clientName }, { era }, { signal }) => {
    calls.push(`${tool} ${clientName} ${era}`);
    if (tool === "wait") {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      calls.push("taken back");
    }
    return tool === "report" ? undefined : { result: PLAIN, jsonrpc: "2.0", id };
  };
  return { ...toy({ plainly }), calls };
}

describe("a plain call over HTTP", () => {
  it("makes no server, in either era", async () => {
    const { serve, seen, calls } = plainToy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);
    const [body, headers] = modern("tools/call", { name: "hello", arguments: {} });

    const answers = [
      await post(mounted.url, body, headers),
      await post(mounted.url, toolCall("hello"), session),
      await post(mounted.url, toolCall("hello")),
    ];

    expect(answers.map(({ status, body: { result } }) => [status, result])).toEqual(answers.map(() => [200, PLAIN]));
    expect(seen).toEqual([]);
    expect(calls).toEqual(["hello test client modern", "hello test client legacy", "hello undefined legacy"]);
  });

  it("that wants to hear of progress is the SDK's, in either era", async () => {
    const { serve, seen, calls } = plainToy();
    await using mounted = await mount({ serve });
    const params = { name: "hello", arguments: {}, _meta: { progressToken: "p" } };
    const [body, headers] = modern("tools/call", params);
    const withToken = { ...body, params: { ...params, _meta: { ...(body["params"] as typeof params)._meta, ...params._meta } } };

    await post(mounted.url, withToken, headers);
    await post(mounted.url, request("tools/call", params));

    expect([calls, seen]).toEqual([[], ["hello anybody", "hello anybody"]]);
  });

  it("is answered by the SDK where it is left to it", async () => {
    const { serve, seen, calls } = plainToy();
    await using mounted = await mount({ serve });

    const answered = await post(mounted.url, toolCall("report"), await begin(mounted.url, ANA));

    expect(answered.body).toMatchObject({ result: { content: [{ text: "reported" }] } });
    expect([calls, seen]).toEqual([["report test client legacy"], ["report ana"]]);
  });

  it("is taken back by its session, and has no answer then", async () => {
    const { serve, calls } = plainToy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);

    const answering = post(mounted.url, toolCall("wait", {}, 4), session);
    await expect.poll(() => calls).toHaveLength(1);
    await post(mounted.url, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 4 } }, session);

    expect([(await answering).status, calls]).toEqual([202, ["wait test client legacy", "taken back"]]);
  });

  it("of 2026 is taken back by going away", async () => {
    const { serve, calls } = plainToy();
    await using mounted = await mount({ serve });
    const [body, headers] = modern("tools/call", { name: "wait", arguments: {} });
    const gone = new AbortController();

    const answering = fetch(mounted.url, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
      signal: gone.signal,
    });
    await expect.poll(() => calls).toHaveLength(1);
    gone.abort();
    await answering.catch(() => undefined);

    await expect.poll(() => calls).toEqual(["wait test client modern", "taken back"]);
  });
});
