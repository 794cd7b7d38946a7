/** Messages of the eras before 2026: arrays, streams, questions, and what is taken back. */
import { describe, expect, it } from "vitest";
import { begin, initialize, LEGACY, listen, listenTo, modern, open, post, request, toolCall } from "../../../app/mcp.test.fixture.ts";
import { mount } from "../mcp-edge.test.fixture.ts";
import { toy } from "../toy.test.fixture.ts";

const ANA = { authorization: "Bearer ana" };
const CAN_BE_ASKED = initialize({ elicitation: { form: {} } });
const notification = (method: string, params: object = {}) => ({ jsonrpc: "2.0", method, params });

async function streamOf(url: string, body: unknown, headers: Record<string, string>) {
  const abort = new AbortController();
  const response = await open(url, body, headers, abort.signal);
  return { response, ...listenTo(response, abort) };
}

describe("an array of messages", () => {
  it.each(["2025-03-26", "2025-06-18", LEGACY])("is answered in order under %s, in a session and without one", async (version) => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA);
    const batch = [toolCall("hello", {}, "b"), notification("notifications/x"), request("ping", undefined, 1), 5, { id: 3 }];

    const answers = [
      await post(mounted.url, batch, { ...session, "mcp-protocol-version": version }),
      await post(mounted.url, batch, { "mcp-protocol-version": version }),
    ];

    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toMatchObject([{ id: "b" }, { id: 1, result: {} }, { id: null, error: { code: -32600 } }, { id: null, error: {} }]);
    }
  });

  it("waits with one message for the answer to the one before", async () => {
    const { serve, seen, begun, release } = toy();
    await using mounted = await mount({ serve });

    const answering = post(mounted.url, [toolCall("wait"), toolCall("hello")], ANA);
    await begun();
    const meanwhile = [...seen];
    release();
    await answering;

    expect([meanwhile, seen]).toEqual([["wait ana"], ["wait ana", "hello ana"]]);
  });

  it.each([
    { name: "of nothing", messages: [], status: 202 },
    { name: "of what is not answered", messages: [notification("notifications/x"), { jsonrpc: "2.0", id: 1, result: {} }], status: 202 },
    { name: "with initialize in it", messages: [request("ping"), initialize()], status: 400 },
    { name: "that is too long", messages: Array.from({ length: 101 }, () => request("ping")), status: 400 },
  ])("$name gets $status", async ({ messages, status }) => {
    await using mounted = await mount(toy());

    expect((await post(mounted.url, messages)).status).toBe(status);
  });
});

describe("an answer", () => {
  it("is a stream when the call reports progress, and JSON when it does not", async () => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA);

    const [plain, reporting] = [
      await post(mounted.url, toolCall("hello"), session),
      await post(mounted.url, toolCall("report", {}, 5), session),
    ];

    expect(plain.headers.get("content-type")).toBe("application/json");
    expect(Object.fromEntries(reporting.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    expect(reporting.events.map(({ data }) => (data === "" ? "" : (JSON.parse(data) as object)))).toMatchObject([
      "",
      { method: "notifications/progress" },
      { id: 5, result: {} },
    ]);
    expect(new Set(reporting.events.map(({ id }) => id)).size).toBe(3);
  });

  it("has no empty event for a client that would not understand it", async () => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA, initialize({}, "2025-06-18"));

    const reporting = await post(mounted.url, toolCall("report"), { ...session, "mcp-protocol-version": "2025-06-18" });

    expect(reporting.events.map(({ data }) => data)).not.toContain("");
  });

  it("is JSON for a client that takes nothing else, without the progress", async () => {
    await using mounted = await mount(toy());

    const answered = await post(mounted.url, toolCall("report"), { ...ANA, accept: "application/json" });

    expect(answered.headers.get("content-type")).toBe("application/json");
  });

  it("belongs to the request that asked, though two bring the same id at once", async () => {
    const { serve, begun, release } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);

    const waiting = post(mounted.url, toolCall("wait", {}, 1), session);
    await begun();
    const other = await post(mounted.url, toolCall("hello", {}, 1), session);
    release();

    expect(JSON.stringify([other.body, (await waiting).body])).toMatch(/hello.*waited/);
  });

  it.each([
    { name: "has left", lose: false, given: true },
    { name: "was lost", lose: true, given: false },
  ])("that $name is told of", async ({ lose, given }) => {
    const { serve, seen, begun, release } = toy();
    await using mounted = await mount({ serve });
    const abort = new AbortController();
    const answering = open(mounted.url, [toolCall("settle"), toolCall("wait")], ANA, abort.signal).catch(() => undefined);
    await begun();
    if (lose) abort.abort();
    else release();
    await answering;

    await expect.poll(() => seen.at(-1)).toBe(`given ${given}`);
    release();
  });
});

describe("a stream that was lost", () => {
  it("goes on where it stopped, once, for its own session", async () => {
    const { serve, begun, release } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);
    const lost = await streamOf(mounted.url, [toolCall("report", {}, 1), toolCall("wait", {}, 2)], session);
    const primed = await lost.next();
    await lost.next();
    await begun();
    lost.close();
    release();

    const last = { "last-event-id": primed?.id ?? "" };
    const resumed = await listen(mounted.url, { ...session, ...last });
    const said = [await resumed.next(), await resumed.next(), await resumed.next(), await resumed.next()];
    const foreign = await fetch(mounted.url, { headers: { ...(await begin(mounted.url, ANA)), ...last } });

    expect(primed).toMatchObject({ data: "", retry: expect.any(String) as string });
    expect(said.map((event) => (event === undefined ? "end" : (JSON.parse(event.data) as object)))).toMatchObject([
      { method: "notifications/progress" },
      { id: 1 },
      { id: 2, result: { content: [{ text: "waited" }] } },
      "end",
    ]);
    expect(foreign.status).toBe(400);
  });

  it.each(["before", "after"])("has brought its answer to a client that comes back %s it is there", async (when) => {
    const { serve, seen, begun, release } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);
    const lost = await streamOf(mounted.url, [toolCall("report"), toolCall("wait"), toolCall("settle")], session);
    const primed = await lost.next();
    await lost.next();
    await begun();
    lost.close();
    const comesBack = () => listen(mounted.url, { ...session, "last-event-id": primed?.id ?? "" });

    const early = when === "before" ? await comesBack() : undefined;
    release();
    await expect.poll(() => seen).toContain("settle ana");
    const resumed = early ?? (await comesBack());
    while ((await resumed.next()) !== undefined);

    await expect.poll(() => seen.filter((line) => line.startsWith("given"))).toEqual(["given true"]);
  });

  it("has brought what was answered before it was one to a client that comes back", async () => {
    const { serve, seen, begun, release } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);
    const lost = await streamOf(mounted.url, [toolCall("settle"), toolCall("report"), toolCall("wait")], session);
    const primed = await lost.next();
    await begun();
    lost.close();

    const resumed = await listen(mounted.url, { ...session, "last-event-id": primed?.id ?? "" });
    release();
    while ((await resumed.next()) !== undefined);

    await expect.poll(() => seen.filter((line) => line.startsWith("given"))).toEqual(["given true"]);
  });

  it("does not take the call back in 2025, and does in 2026", async () => {
    const { serve, seen, begun } = toy();
    await using mounted = await mount({ serve });
    const abort = new AbortController();
    const older = open(mounted.url, toolCall("wait"), ANA, abort.signal).catch(() => undefined);
    await begun();
    abort.abort();
    await older;
    const [body, headers] = modern("tools/call", { name: "wait", arguments: {} });
    const later = new AbortController();
    const newer = open(mounted.url, body, { ...headers, ...ANA }, later.signal).catch(() => undefined);
    await begun();
    const before = seen.includes("cancelled");
    later.abort();
    await newer;

    await expect.poll(() => seen).toEqual(["wait ana", "wait ana", "cancelled"]);
    expect(before).toBe(false);
  });
});

describe("a call", () => {
  it("is taken back by its client's word, and by nobody else's", async () => {
    const { serve, seen, begun } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url, ANA);
    const cancelled = notification("notifications/cancelled", { requestId: 4 });
    const answering = post(mounted.url, toolCall("wait", {}, 4), session);
    await begun();

    await post(mounted.url, cancelled);
    await post(mounted.url, cancelled, await begin(mounted.url, ANA));
    const before = [...seen];
    await post(mounted.url, cancelled, session);

    expect([(await answering).status, before, seen]).toEqual([202, ["wait ana"], ["wait ana", "cancelled"]]);
  });

  it("asks the person on its own stream, and goes on with the answer", async () => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA, CAN_BE_ASKED);
    const asking = await streamOf(mounted.url, toolCall("ask", {}, 1), session);
    await asking.next();
    const asked = JSON.parse((await asking.next())?.data ?? "{}") as { id: string; method: string };

    const foreign = await begin(mounted.url, ANA, CAN_BE_ASKED);
    const answer = { jsonrpc: "2.0", id: asked.id, result: { action: "decline" } };
    const guessed = { ...answer, id: 0, result: { action: "accept", content: {} } };
    const answers = [
      await post(mounted.url, answer, foreign),
      await post(mounted.url, guessed, session),
      await post(mounted.url, answer, session),
    ];
    const statuses = answers.map(({ status }) => status);
    const said = await asking.next();

    expect([asked.method, statuses]).toEqual(["elicitation/create", [202, 202, 202]]);
    expect(said?.data).toContain("person: decline");
  });

  it("goes on when the client answers with an error, and when it cannot be asked", async () => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA, CAN_BE_ASKED);
    const asking = await streamOf(mounted.url, toolCall("ask", {}, 1), session);
    await asking.next();
    const { id } = JSON.parse((await asking.next())?.data ?? "{}") as { id: string };

    await post(mounted.url, { jsonrpc: "2.0", id, error: { code: -1, message: "no window" } }, session);
    const refused = await asking.next();
    const unable = await post(mounted.url, toolCall("ask", {}, 2), { ...session, accept: "application/json" });

    expect(refused?.data).toContain("no window");
    expect(JSON.stringify(unable.body)).toContain("person: ");
  });
});
