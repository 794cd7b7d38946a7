/** What a request is told, in the order in which it is looked at. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { begin, initialize, LEGACY, modern, open, post, request, toolCall } from "../../app/mcp.test.fixture.ts";
import { LONGEST_URI } from "../../tools/resources/uri.ts";
import { createReadingRoom } from "../http/reading-room.ts";
import { EVERYBODY, mount, type Mounted } from "./mcp-edge.test.fixture.ts";
import type { Callers } from "./ports.ts";
import { toy } from "./toy.test.fixture.ts";

const TOO_FAST = { status: 429, why: "too fast", headers: { "retry-after": "3" } } as const;

let mounted: Mounted;
beforeAll(async () => {
  mounted = await mount({
    serve: toy().serve,
    callers: {
      ...EVERYBODY,
      judge: (asked, ...rest) =>
        asked.headers.get("authorization") === "Bearer fast" ? Promise.resolve(TOO_FAST) : EVERYBODY.judge(asked, ...rest),
      barredByNumber: (_caller, further) => (further >= 50 ? TOO_FAST : undefined),
    },
  });
});
afterAll(async () => {
  await mounted[Symbol.asyncDispose]();
});

interface Raw {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A request whose headers are exactly these: `fetch` would not send some of them. */
function send({
  method = "POST",
  headers = {},
  body = "",
}: Raw): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(mounted.url, { method, headers: { "content-type": "application/json", ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const PING = JSON.stringify(request("ping", undefined, 7));
const FOREIGN = { origin: "https://example.com" };
const TOO_LONG = { "content-length": String(49 * 1024 * 1024) };
const TEXT = { "content-type": "text/plain" };
const STRANGER = { authorization: "Basic eA==" };
const FAST = { authorization: "Bearer fast" };
const UNKNOWN_VERSION = { "mcp-protocol-version": "1999-01-01" };
const listening = (uri: string) => modern("subscriptions/listen", { notifications: { resourceSubscriptions: [uri] } })[0];
const [, LISTENING] = modern("subscriptions/listen");
const UNKNOWN_SESSION = { "mcp-session-id": "nobody" };
const OF_NOBODY = { ...UNKNOWN_VERSION, ...UNKNOWN_SESSION };

describe("a request", () => {
  it.each<{ name: string; asks: Raw; status: number; code: number; id?: unknown }>([
    {
      name: "of a foreign page, whatever else is wrong",
      asks: { headers: { ...FOREIGN, ...TEXT, ...STRANGER } },
      status: 403,
      code: -32600,
    },
    { name: "of a foreign page by GET", asks: { method: "GET", headers: FOREIGN }, status: 403, code: -32600 },
    { name: "of a foreign page by DELETE", asks: { method: "DELETE", headers: FOREIGN }, status: 403, code: -32600 },
    { name: "by a method that there is not", asks: { method: "PUT", headers: STRANGER }, status: 405, code: -32000 },
    { name: "of another type, whoever it is", asks: { headers: { ...TEXT, ...STRANGER } }, status: 415, code: -32000 },
    { name: "with a scheme that nobody knows, whatever it says", asks: { headers: STRANGER, body: "{" }, status: 401, code: -32001 },
    { name: "that comes too fast", asks: { headers: FAST, body: "{" }, status: 429, code: -32000 },
    { name: "that is no JSON", asks: { headers: UNKNOWN_VERSION, body: "{" }, status: 400, code: -32700 },
    { name: "of more parts than any has", asks: { body: `[${"1,".repeat(64 * 1024)}1]` }, status: 413, code: -32000 },
    { name: "of more messages at once than may come", asks: { body: `[${`${PING},`.repeat(50)}${PING}]` }, status: 429, code: -32000 },
    { name: "of more messages than an array has", asks: { body: `[${`${PING},`.repeat(100)}${PING}]` }, status: 400, code: -32600 },
    { name: "that is no message", asks: { headers: UNKNOWN_VERSION, body: "7" }, status: 400, code: -32600 },
    { name: "of another JSON-RPC", asks: { body: '{"jsonrpc":"1.0","id":7,"method":"ping"}' }, status: 400, code: -32600, id: 7 },
    { name: "with an id that is none", asks: { body: '{"jsonrpc":"2.0","id":null,"method":"ping"}' }, status: 400, code: -32600 },
    {
      name: "of an unknown version",
      asks: { headers: OF_NOBODY, body: PING },
      status: 400,
      code: -32000,
      id: 7,
    },
    { name: "in an unknown session", asks: { headers: UNKNOWN_SESSION, body: PING }, status: 404, code: -32001, id: 7 },
    { name: "in an unknown session by GET", asks: { method: "GET", headers: UNKNOWN_SESSION }, status: 404, code: -32001 },
    { name: "in an unknown session by DELETE", asks: { method: "DELETE", headers: UNKNOWN_SESSION }, status: 404, code: -32001 },
    { name: "for a stream that is not accepted", asks: { method: "GET", headers: { accept: "text/html" } }, status: 406, code: -32000 },
    { name: "for a stream of no session", asks: { method: "GET" }, status: 400, code: -32000 },
    { name: "to end no session", asks: { method: "DELETE" }, status: 400, code: -32000 },
    { name: "for a stream of an unknown version", asks: { method: "GET", headers: OF_NOBODY }, status: 400, code: -32000 },
    { name: "to end a session of an unknown version", asks: { method: "DELETE", headers: OF_NOBODY }, status: 400, code: -32000 },
    { name: "for a stream in 2026", asks: { method: "GET", headers: { "mcp-protocol-version": "2026-07-28" } }, status: 405, code: -32000 },
    {
      name: "to follow a resource of a longer address than any has",
      asks: { headers: LISTENING, body: JSON.stringify(listening("x".repeat(LONGEST_URI + 1))) },
      status: 400,
      code: -32602,
      id: expect.any(Number),
    },
    { name: "that answers nobody", asks: { body: '{"jsonrpc":"2.0","id":1,"result":{}}' }, status: 400, code: -32600 },
  ])("$name is refused with $status", async ({ asks, status, code, id = null }) => {
    const answered = await send(asks);

    expect(answered.status).toBe(status);
    expect(JSON.parse(answered.body)).toMatchObject({ jsonrpc: "2.0", id, error: { code, message: expect.any(String) as string } });
  });

  it("that is longer than any may be is refused before anything of it is read", async () => {
    const status = await new Promise((resolve) => {
      const headers = { "content-type": "application/json", ...TOO_LONG, ...STRANGER };
      const sent = httpRequest(mounted.url, { method: "POST", headers }, (response) => resolve(response.statusCode));
      sent.on("error", () => undefined);
      sent.write("{");
    });

    expect(status).toBe(413);
  });

  it("of somebody who may only read is shorter than the longest file", async () => {
    const long = JSON.stringify(toolCall("hello", { text: "x".repeat(1024 * 1024) }));

    const [read, written] = [await post(mounted.url, long), await post(mounted.url, long, { authorization: "Bearer ana" })];

    expect([read.status, written.status]).toEqual([413, 200]);
  });

  it("says how to sign in where it is refused for that", async () => {
    const { headers } = await send({ headers: STRANGER, body: PING });

    expect(headers["www-authenticate"]).toContain("Bearer");
  });

  it("says when to come again where it came too fast", async () => {
    expect((await send({ headers: FAST, body: PING })).headers["retry-after"]).toBe("3");
  });

  it.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("of %s is answered, with and without a session", async (version) => {
    const session = await begin(mounted.url, {}, initialize({}, version));
    const headers = { "mcp-protocol-version": version };

    const answers = [await post(mounted.url, PING, headers), await post(mounted.url, PING, { ...session, ...headers })];

    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(2).fill([200, { jsonrpc: "2.0", id: 7, result: {} }]));
  });

  it.each(["application/json", "*/*", "text/html", ""])("that accepts %j is answered with JSON", async (accept) => {
    const answered = await send({ headers: { accept }, body: PING });

    expect([answered.status, answered.headers["content-type"]]).toEqual([200, "application/json"]);
  });

  it("that accepts streams alone is answered with one", async () => {
    const answered = await post(mounted.url, PING, { accept: "text/event-stream" });

    expect([answered.headers.get("content-type"), answered.events.length]).toEqual(["text/event-stream", 1]);
  });

  it("of the page of an origin that may come in can be read by it", async () => {
    const { port } = new URL(mounted.url);
    const origin = `http://localhost:${port}`;
    const asks = { origin, "access-control-request-method": "POST", "access-control-request-headers": "mcp-session-id" };

    const before = await send({ method: "OPTIONS", headers: asks });
    const answered = await send({ headers: { origin }, body: PING });

    expect([before.status, before.headers["access-control-allow-origin"], before.headers["access-control-allow-headers"]]).toEqual([
      204,
      origin,
      "mcp-session-id",
    ]);
    expect(answered.headers["access-control-allow-origin"]).toBe(origin);
    expect(answered.headers["access-control-expose-headers"]).toContain("Mcp-Session-Id");
  });
});

describe("a body that takes its time", () => {
  it.each(["is given out no more", "is somebody else's now"])("is worth nothing when its credential %s before it ends", async (how) => {
    const { serve, seen } = toy();
    let holds = true;
    let judged = 0;
    const callers: Callers = {
      ...EVERYBODY,
      async judge(...asked) {
        judged += 1;
        const caller = await EVERYBODY.judge(...asked);
        return how === "is somebody else's now" ? { ...caller, stands: () => holds } : caller;
      },
      stillHolds: () => how === "is somebody else's now" || holds,
    };
    await using other = await mount({ serve, callers });
    const headers = { authorization: "Bearer ana", "content-type": "application/json" };
    const asked = httpRequest(other.url, { method: "POST", headers });
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    const body = JSON.stringify(toolCall("write"));

    asked.write(body.slice(0, 10));
    await expect.poll(() => judged).toBe(1);
    holds = false;
    asked.end(body.slice(10));
    const [response] = await answered;
    response.resume();

    expect([response.statusCode, seen]).toEqual([401, []]);
  });
});

describe("a long message", () => {
  const MOST = 300_000;
  const long = (tool: string) => toolCall(tool, { text: "x".repeat(200_000) });
  const longModern = (tool: string) => modern("tools/call", { name: tool, arguments: { text: "x".repeat(200_000) } });
  const [ANA, BO] = ["ana", "bo"].map((name) => ({ authorization: `Bearer ${name}` }));
  const roomy = (serve: Parameters<typeof mount>[0]["serve"]) =>
    mount({ serve, reading: createReadingRoom({ maxOfOne: MOST, maxOfAll: 2 * MOST, shortBytes: 0 }) });

  it.each([
    { era: LEGACY, send: (url: string, tool: string, headers = {}) => post(url, long(tool), { ...ANA, ...headers }) },
    {
      era: "2026-07-28",
      send(url: string, tool: string, headers = {}) {
        const [body, own] = longModern(tool);
        return post(url, body, { ...own, ...ANA, ...headers });
      },
    },
  ])("of $era takes its sender's room, and nobody else's, until it is answered", async ({ send: ask }) => {
    const { serve, begun, release } = toy();
    await using other = await roomy(serve);

    const waiting = ask(other.url, "wait");
    await begun();
    const [meanwhile, others] = [await ask(other.url, "hello"), await ask(other.url, "hello", BO)];
    release();
    const answered = await waiting;
    const later = await ask(other.url, "hello");

    expect([meanwhile, others, answered, later].map(({ status }) => status)).toEqual([503, 200, 200, 200]);
    expect(meanwhile.headers.get("retry-after")).toBe("1");
  });

  it("takes it until its stream has ended, where the answer is one", async () => {
    const { serve, begun, release } = toy();
    await using other = await roomy(serve);
    const session = await begin(other.url, ANA);

    const waiting = post(other.url, [toolCall("report"), long("wait")], session);
    await begun();
    const meanwhile = await post(other.url, long("hello"), session);
    release();
    const answered = await waiting;
    const later = await post(other.url, long("hello"), session);

    expect([meanwhile, answered, later].map(({ status }) => status)).toEqual([503, 200, 200]);
    expect(answered.events.length).toBeGreaterThan(1);
  });

  it("that is refused leaves its room", async () => {
    await using other = await roomy(toy().serve);
    const [body] = longModern("hello");
    const refused = [JSON.stringify(long("hello")).slice(1), body, { ...long("hello"), jsonrpc: "1.0" }, [initialize(), long("hello")]];

    const before: number[] = [];
    for (const each of refused) before.push((await post(other.url, each, ANA)).status);
    const later = await post(other.url, long("hello"), ANA);

    expect([before, later.status]).toEqual([[400, 400, 400, 400], 200]);
  });
});

describe("an answer that has left", () => {
  it("turns out not to be read where its client is gone before it has read it", async () => {
    const { serve, seen } = toy();
    await using other = await mount({ serve });
    const { port, host } = new URL(other.url);
    const body = JSON.stringify(toolCall("settle"));
    const client = connect(Number(port), "127.0.0.1");
    client.pause();
    client.write(`POST /mcp HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => seen.at(-1)).toBe("given true");

    client.destroy();

    await expect.poll(() => seen.at(-1)).toBe("not read");
  });

  it.each(["close", "keep-alive"])("counts as read where its client goes on, or ends the connection: %s", async (connection) => {
    const { serve, seen } = toy();
    await using other = await mount({ serve });
    const agent = new Agent({ keepAlive: connection === "keep-alive" });
    const ask = async () => {
      const asked = httpRequest(other.url, { method: "POST", agent, headers: { "content-type": "application/json" } });
      asked.end(JSON.stringify(toolCall("settle")));
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "close");
    };

    for (let times = 0; times < 3; times += 1) await ask();
    agent.destroy();
    await ask();

    expect(seen.filter((line) => line.startsWith("given"))).toEqual(Array(4).fill("given true"));
    expect(seen).not.toContain("not read");
  });
});

describe("2026-07-28", () => {
  it("tells of an answer that nobody was there for any more that it has not left", async () => {
    const { serve, seen, begun } = toy();
    await using other = await mount({ serve });
    const gone = new AbortController();
    const asking = open(other.url, ...modern("tools/call", { name: "late" }), gone.signal).catch(() => undefined);
    await begun();
    gone.abort();
    await asking;

    await expect.poll(() => seen.at(-1)).toBe("given false");
  });

  it("is answered without a session", async () => {
    const [body, headers] = modern("tools/call", { name: "hello", arguments: { a: 1 } });

    const answered = await post(mounted.url, body, headers);

    expect(answered.body).toMatchObject({ result: { content: [{ text: 'hello {"a":1}' }], resultType: "complete" } });
    expect(answered.headers.get("mcp-session-id")).toBeNull();
  });

  it.each([
    { name: "whose messages say so", headers: {}, messages: [modern("ping")[0]] },
    { name: "whose header says so", headers: { "mcp-protocol-version": "2026-07-28" }, messages: [request("ping")] },
  ])("refuses an array $name", async ({ headers, messages }) => {
    const answered = await post(mounted.url, messages, headers);

    expect([answered.status, answered.body["error"]]).toMatchObject([400, { code: -32600 }]);
  });

  it("names the versions there are to a client of a later one", async () => {
    const [body, headers] = modern("ping");
    const later = JSON.parse(JSON.stringify(body).replace("2026-07-28", "2030-01-01")) as object;

    const answered = await post(mounted.url, later, { ...headers, "mcp-protocol-version": "2030-01-01" });

    expect([answered.status, answered.body["error"]]).toMatchObject([400, { code: -32022, data: { supported: ["2026-07-28"] } }]);
  });
});
