import { describe, expect, it } from "vitest";
import type { Asked, AskedToCall, Face } from "./face.ts";
import { envelope, ERAS, faceWith, later, said, talk } from "./talk.test.fixture.ts";

const resource = (uri: string) => ({ uri, name: uri, title: "T", description: "D.", mimeType: "application/json" });
const standup = { name: "standup", title: "Standup", description: "Who does what.", arguments: [] };
const handoff = {
  name: "handoff",
  title: "Hand off",
  description: "Gives a task away.",
  arguments: [{ name: "intent_id", description: "the task", required: true }],
};
const lists: Face["lists"] = {
  ...faceWith().lists,
  resources: [resource("signalbox://session"), resource("signalbox://file/{path}")],
  prompts: [standup, handoff],
};
const live = faceWith({
  lists,
  read: (uri) => Promise.resolve(uri === "signalbox://nothing" ? undefined : [{ uri, mimeType: "application/json", text: "{}" }]),
  prompt: (name, args) => Promise.resolve(args["intent_id"] === "i9" ? { refused: "there is no task i9" } : { text: `${name} now` }),
  complete: (_what, place, begun) => Promise.resolve(Array.from({ length: 120 }, (_, index) => `${place}:${begun}${index}`)),
});

describe.each(ERAS)("a server in the %s era", (era) => {
  it("lists what there is, templates apart", async () => {
    const host = await talk(era, live);

    const listed = await Promise.all(
      ["tools/list", "resources/list", "resources/templates/list", "prompts/list"].map(async (method) => (await host.ask(method)).result),
    );

    expect(listed).toMatchObject([
      { tools: [{ name: "act" }] },
      { resources: [{ uri: "signalbox://session" }] },
      { resourceTemplates: [{ uriTemplate: "signalbox://file/{path}" }] },
      { prompts: [{ name: "standup" }, { name: "handoff" }] },
    ]);
  });

  it("reads a resource, and names where the addresses are listed for one that is not there", async () => {
    const host = await talk(era, live);

    const found = await host.ask("resources/read", { uri: "signalbox://session" });
    const missing = await host.ask("resources/read", { uri: "signalbox://nothing" });

    expect(found.result).toMatchObject({ contents: [{ uri: "signalbox://session", mimeType: "application/json", text: "{}" }] });
    expect(missing.error).toMatchObject({
      code: era === "legacy" ? -32002 : -32602,
      message: expect.stringContaining("resources/templates/list") as string,
      data: { uri: "signalbox://nothing" },
    });
  });

  it.each([
    { method: "resources/read", params: {}, says: /resources\/read does not take these parameters: params\.uri: .*string/ },
    { method: "prompts/get", params: { name: "handoff", arguments: { intent_id: 9 } }, says: /params\.arguments\.intent_id: / },
    { method: "completion/complete", params: {}, says: /params\.ref: / },
    { method: "tools/list", params: { cursor: 5 }, says: /params\.cursor: / },
    { method: "tools/call", params: {}, says: /^tools\/call does not take these parameters: params\.name: / },
    { method: "tools/call", params: { name: "act", arguments: [] }, says: /^tools\/call .*: params\.arguments: / },
    { method: "tools/list", params: { cursor: "next" }, says: /there is no cursor "next"/ },
    { method: "resources/list", params: { cursor: "next" }, says: /there is no cursor/ },
    { method: "resources/templates/list", params: { cursor: "next" }, says: /there is no cursor/ },
    { method: "prompts/list", params: { cursor: "next" }, says: /there is no cursor/ },
  ])("takes no $method with $params", async ({ method, params, says }) => {
    const host = await talk(era, live);

    const { error } = await host.ask(method, params);

    expect(error).toMatchObject({ code: -32602, message: expect.stringMatching(says) as string });
  });

  it("lists the same for a host that sends an empty cursor", async () => {
    const host = await talk(era, live);

    expect((await host.ask("tools/list", { cursor: "" })).result).toEqual((await host.ask("tools/list")).result);
  });

  it("fills a prompt", async () => {
    const host = await talk(era, live);

    const { result } = await host.ask("prompts/get", { name: "handoff", arguments: { intent_id: "i1" } });

    expect(result).toMatchObject({
      description: "Gives a task away.",
      messages: [{ role: "user", content: { type: "text", text: "handoff now" } }],
    });
  });

  it.each([
    { asks: { name: "derail" }, says: /there is no prompt "derail"; the prompts are standup, handoff/ },
    { asks: { name: "handoff", arguments: { intent_id: "i9" } }, says: /there is no task i9/ },
  ])("refuses the prompt $asks with a sentence", async ({ asks, says }) => {
    const host = await talk(era, live);

    const { error } = await host.ask("prompts/get", asks);

    expect(error).toMatchObject({ code: -32602, message: expect.stringMatching(says) as string });
  });

  it("completes a template and a prompt with a hundred values, and nothing else", async () => {
    const host = await talk(era, live);
    const complete = (ref: object) => host.ask("completion/complete", { ref, argument: { name: "path", value: "src/" } });

    const template = await complete({ type: "ref/resource", uri: "signalbox://file/{path}" });
    const prompt = await complete({ type: "ref/prompt", name: "handoff" });
    const unknown = [await complete({ type: "ref/resource", uri: "signalbox://x" }), await complete({ type: "ref/prompt", name: "x" })];

    expect(template.result).toMatchObject({ completion: { hasMore: true } });
    expect((template.result?.["completion"] as { values?: string[] } | undefined)?.values).toHaveLength(100);
    expect(prompt.result).toMatchObject({ completion: { hasMore: true } });
    expect(unknown.map(({ error }) => error?.code)).toEqual([-32602, -32602]);
  });

  it("calls a tool, and refuses one that is not there by name", async () => {
    const host = await talk(era, faceWith({ act: (_asked, args) => said(JSON.stringify(args)) }));

    const called = await host.ask("tools/call", { name: "act", arguments: { a: 1 } });
    const unknown = await host.ask("tools/call", { name: "derail" });

    expect(called.result).toMatchObject({ content: [{ type: "text", text: '{"a":1}' }], structuredContent: { said: '{"a":1}' } });
    expect(unknown.error).toMatchObject({ code: -32602, message: 'there is no tool "derail"; the tools are act' });
  });

  it("tells a face the name of the host and the era, with each request", async () => {
    const names: string[] = [];
    const seen: Asked[] = [];
    const face = faceWith({
      onHost: (name) => names.push(name),
      act: (asked) => {
        seen.push(asked);
        return said("done");
      },
    });
    const host = await talk(era, face);

    await host.ask("tools/call", { name: "act" });

    expect(new Set(names)).toEqual(new Set(["host"]));
    expect(seen).toMatchObject([{ clientName: "host", era, visit: undefined }]);
  });

  it("tells the log of a fault of ours, and the host that there was one", async () => {
    const reported: string[] = [];
    const face = faceWith({ act: () => Promise.reject(new Error("secret of the house")) });
    const host = await talk(era, face, { report: (line) => reported.push(line) });

    const { error } = await host.ask("tools/call", { name: "act" });

    expect(error).toMatchObject({ code: -32603, message: expect.stringContaining("signalbox doctor") as string });
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(reported).toEqual(["tools/call: secret of the house"]);
  });

  it("aborts a call that its host takes back, and says that its result did not arrive", async () => {
    const settled = later<boolean>();
    const called = later();
    const face = faceWith({
      act: async ({ signal }) => {
        called.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return said("too late", { settle: settled.resolve });
      },
    });
    const host = await talk(era, face);

    void host.ask("tools/call", { name: "act" }, 77);
    await called.promise;
    host.say("notifications/cancelled", { requestId: 77 });

    expect(await settled.promise).toBe(false);
    expect(host.heard).toEqual([]);
  });

  it("hears who has gone away before it sends what it would give up for them", async () => {
    const settled = later<boolean>();
    let isGone = false;
    // As one goes whose call is carried out in one go: it is heard of when that is done.
    const act = () => {
      setImmediate(() => setImmediate(() => (isGone = true)));
      return said("a task", { settle: settled.resolve });
    };
    const host = await talk(era, faceWith({ act }), { whenSent: (_request, tell) => tell(!isGone) });

    await host.ask("tools/call", { name: "act" });

    expect(await settled.promise).toBe(false);
  });

  it.each([true, false])("says whether a result has left: %s", async (left) => {
    const settled = later<boolean>();
    const host = await talk(era, faceWith({ act: () => said("mail", { settle: settled.resolve }) }), {
      whenSent: ({ id }, tell) => setImmediate(() => tell(left && id === 50)),
    });

    await host.ask("tools/call", { name: "act" }, 50);

    expect(await settled.promise).toBe(left);
  });

  it("reports no fault where a client has taken its call back", async () => {
    const reported: string[] = [];
    const begun = later();
    const act = ({ signal }: AskedToCall) => {
      begun.resolve();
      return new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    const host = await talk(era, faceWith({ act }), { report: (line) => reported.push(line) });
    void host.ask("tools/call", { name: "act" }, 50);
    await begun.promise;

    host.say("notifications/cancelled", { requestId: 50, reason: "enough", _meta: envelope() });
    await host.ask("tools/list");

    expect(reported).toEqual([]);
  });

  it("reports progress under the caller's token, growing, and only until the answer", async () => {
    const late = later<() => void>();
    const face = faceWith({
      act: ({ progress }) => {
        for (const done of [1, 1, 3, 2, 4]) progress?.({ done, total: 4, message: `${done} of 4` });
        late.resolve(() => progress?.({ done: 5, message: "late" }));
        return said("done");
      },
    });
    const host = await talk(era, face);

    await host.ask("tools/call", { name: "act", _meta: { progressToken: "p1" } });
    (await late.promise)();
    await host.ask("tools/call", { name: "act" });

    expect(host.heard.map(({ method, params }) => [method, params?.["progressToken"], params?.["progress"], params?.["message"]])).toEqual(
      [1, 3, 4].map((done) => ["notifications/progress", "p1", done, `${done} of 4`]),
    );
  });
});

it("completes in the older era by the other spelling as well, and knows no other method there", async () => {
  const host = await talk("legacy", live);
  const ref = { type: "ref/prompt", name: "handoff" };

  const completed = await host.ask("completions/complete", { ref, argument: { name: "to", value: "b" } });
  const wrong = await Promise.all(
    [{}, { ref }, { ref, argument: {} }, { ref: { type: "ref/prompt" }, argument: { name: "to", value: "" } }, { ref: null }].map(
      async (params) => (await host.ask("completions/complete", params)).error?.code,
    ),
  );

  expect(completed.result).toMatchObject({ completion: { hasMore: true } });
  expect(wrong).toEqual([-32602, -32602, -32602, -32602, -32602]);
  expect((await host.ask("derail/now")).error).toMatchObject({ code: -32601, message: "Method not found" });
  expect((await (await talk("modern", live)).ask("completions/complete", { ref })).error).toMatchObject({ code: -32601 });
});

it("answers each request under the revision that it names, and none under another", async () => {
  const host = await talk("modern", live);
  const _meta = { "io.modelcontextprotocol/protocolVersion": "1900-01-01" };
  await host.ask("tools/list");

  const { error } = await host.ask("tools/list", { _meta });

  expect(error).toMatchObject({ code: -32022, data: { supported: ["2026-07-28"], requested: "1900-01-01" } });
});

it("serves a host of the era before that names its own revision with each request as well", async () => {
  const host = await talk("legacy", live);
  const _meta = { "io.modelcontextprotocol/protocolVersion": "2025-11-25" };
  const opening = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "h", version: "1" } };

  const answers = [await host.ask("initialize", { ...opening, _meta }), await host.ask("tools/call", { name: "act", _meta })];

  expect(answers.map(({ error }) => error)).toEqual([undefined, undefined]);
});

it("refuses an initialize that says too little, and takes the next one", async () => {
  const host = await talk("legacy", live);

  const refused = await host.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
  const taken = await host.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "h", version: "1" } });

  expect(refused.error).toMatchObject({ code: -32602, message: expect.stringContaining("params.clientInfo") as string });
  expect(taken.result).toMatchObject({ protocolVersion: "2025-11-25" });
});

it("names what it can do, and how long its lists may be kept", async () => {
  const subscriptions = { subscribe: () => Promise.resolve(), unsubscribe: () => Promise.resolve() };
  const host = await talk("modern", live, { subscriptions });

  const discovered = await host.ask("server/discover");
  const kept = await Promise.all(
    ["tools/list", "resources/list", "resources/templates/list", "prompts/list"].map(async (method) => (await host.ask(method)).result),
  );
  const read = await host.ask("resources/read", { uri: "signalbox://session" });

  expect(discovered.result).toMatchObject({
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} },
    instructions: "act when told",
  });
  for (const result of [discovered.result, ...kept]) expect(result).toMatchObject({ ttlMs: 60_000, cacheScope: "public" });
  expect(read.result).toMatchObject({ ttlMs: 0, cacheScope: "private" });
});

it("has only what its face lists", async () => {
  const host = await talk("modern", faceWith());

  const { result } = await host.ask("server/discover");

  expect(result?.["capabilities"]).toEqual({ tools: {} });
  expect((await host.ask("resources/list")).error).toMatchObject({ code: -32601 });
});

describe("who follows a resource", () => {
  it("is told to the transport in the older era, for addresses that are there", async () => {
    const followed: string[] = [];
    const subscriptions = {
      async subscribe(uri: string) {
        if (uri === "signalbox://still") return { refused: "nobody tells of it" };
        followed.push(`+${uri}`);
        return undefined;
      },
      unsubscribe: async (uri: string) => void followed.push(`-${uri}`),
    };
    const face: Face = { ...live, knows: (uri) => Promise.resolve(uri !== "signalbox://x") };
    const host = await talk("legacy", face, { subscriptions });

    const answers = [
      await host.ask("resources/subscribe", { uri: "signalbox://session" }),
      await host.ask("resources/unsubscribe", { uri: "signalbox://session" }),
      await host.ask("resources/subscribe", { uri: "signalbox://x" }),
      await host.ask("resources/subscribe", { uri: "signalbox://still" }),
    ];

    expect(followed).toEqual(["+signalbox://session", "-signalbox://session"]);
    expect(answers.map(({ error }) => error?.code)).toEqual([undefined, undefined, -32002, -32602]);
  });

  it("is the SDK's business in the newer era, which asks for nothing else", async () => {
    const subscriptions = { subscribe: () => Promise.resolve(), unsubscribe: () => Promise.resolve() };
    const host = await talk("modern", live, { subscriptions });

    const acknowledged = host.next("notifications/subscriptions/acknowledged");
    void host.ask("subscriptions/listen", { notifications: { resourceSubscriptions: ["signalbox://session"] } }, 60);
    expect((await acknowledged).params).toMatchObject({ notifications: { resourceSubscriptions: ["signalbox://session"] } });
    const updated = host.next("notifications/resources/updated");
    await host.server().sendResourceUpdated({ uri: "signalbox://lanes" });
    await host.server().sendResourceUpdated({ uri: "signalbox://session" });

    expect((await updated).params).toMatchObject({ uri: "signalbox://session" });
    expect((await host.ask("resources/subscribe", { uri: "signalbox://session" })).error).toMatchObject({ code: -32601 });
  });
});
