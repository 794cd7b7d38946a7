import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { BusRequest } from "../wire/bus/requests.ts";
import { claimLane, postMessage, readMessages, releaseLane } from "../wire/bus/requests.ts";
import { askBus, type BusAddress } from "./bus.ts";
import { busLimitMs, namedBus, ownBus, remoteBus, writeSecret } from "./bus-settings.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A bus that answers everything in one way. */
async function busThat(answer: (response: ServerResponse) => void) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/bus`;
  return {
    base,
    seen,
    ask: async (request: BusRequest, more: Partial<BusAddress> = {}) => (await askBus({ base, limitMs: 10_000, ...more }, request)).answer,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const says =
  (status: number, text: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(text);

const status: BusRequest = { method: "GET", path: ["status"] };

describe("what a bus answers", () => {
  it.each([
    { status: 200, text: '{"a":[1]}', gives: { a: [1] } },
    { status: 202, text: '{"status":"waiting"}', gives: { status: "waiting" } },
    { status: 204, text: "", gives: {} },
    { status: 200, text: " \n", gives: {} },
  ])("$status with $text is taken as it is", async ({ status: code, text, gives }) => {
    await using bus = await busThat(says(code, text));

    expect(await bus.ask(status)).toEqual({ ok: true, body: gives });
  });

  it.each([
    { status: 401, text: '{"detail":"set X-Bus-Secret"}', message: "bus returned 401: set X-Bus-Secret" },
    { status: 409, text: '{"detail":"held by bo for another 9 s"}', message: "bus returned 409: held by bo for another 9 s" },
    { status: 422, text: '{"detail":[7]}', message: "bus returned 422: [7]" },
    { status: 422, text: '{"detail":null}', message: "bus returned 422: null" },
    { status: 500, text: "oops", message: "bus returned 500: oops" },
    { status: 500, text: '["oops"]', message: 'bus returned 500: ["oops"]' },
    { status: 502, text: "", message: "bus returned 502: HTTP 502" },
    { status: 500, text: "x".repeat(5_000), message: `bus returned 500: ${"x".repeat(2_000)}…` },
    { status: 200, text: "[]", message: "bus returned non-JSON content: it is no JSON object" },
    { status: 201, text: "7", message: "bus returned non-JSON content: it is no JSON object" },
    { status: 200, text: "<html>", message: expect.stringMatching(/^bus returned non-JSON content: Unexpected token/) as string },
  ])("$status with $text is an error of the bus", async ({ status: code, text, message }) => {
    await using bus = await busThat(says(code, text));

    expect(await bus.ask(status)).toEqual({ ok: false, fault: { type: "bus_api_error", message, statusCode: code } });
  });

  it("that lists mistakes is told in words too", async () => {
    await using bus = await busThat(says(422, '{"detail":[{"loc":["body","topic"],"msg":"Field required"},7,{"msg":"odd"}]}'));

    expect(await bus.ask(status)).toMatchObject({
      fault: {
        message: 'bus returned 422: [{"loc":["body","topic"],"msg":"Field required"},7,{"msg":"odd"}]',
        reason: "topic: Field required; odd",
      },
    });
  });

  it("that sends us elsewhere is not followed, and its target is told", async () => {
    await using other = await busThat(says(200, "{}"));
    await using bus = await busThat(says(307, "", { location: `${other.base}/status` }));

    const answer = await bus.ask(postMessage({ topic: "t", sender: "ana", body: "b", action_flag: false }), { secret: "hush" });

    expect(answer).toEqual({
      ok: false,
      fault: {
        type: "bus_api_error",
        message: "bus returned 307: HTTP 307",
        statusCode: 307,
        reason: `it points to ${other.base}/status, and no redirect is followed`,
      },
    });
    expect(other.seen).toEqual([]);
  });
});

describe("a bus that is not reached", () => {
  const words = (base: string) =>
    `the coordination bus isn't reachable at ${base} -- is the Signalbox sidecar (or the bus that BUS_MCP_BASE_URL names) running with the bus routes loaded?`;

  it("is said with the address and the cause when nobody listens", async () => {
    const { base, [Symbol.asyncDispose]: close } = await busThat(says(200, "{}"));
    await close();

    const asked = await askBus({ base, limitMs: 1_000 }, status);

    expect(asked.isBroken).toBe(true);
    expect(asked.answer).toEqual({
      ok: false,
      fault: { type: "bus_unreachable", message: words(base), reason: expect.stringContaining("ECONNREFUSED") as string },
    });
  });

  it("is said when it takes too long, and is not taken for one that moved", async () => {
    await using bus = await busThat(() => undefined);

    const asked = await askBus({ base: bus.base, limitMs: 50 }, status);

    expect(asked).toEqual({
      answer: { ok: false, fault: { type: "bus_unreachable", message: words(bus.base), reason: "no answer within 0.05 s" } },
      isBroken: false,
    });
  });

  it("is said when it breaks off, or what listens speaks no HTTP", async () => {
    await using bus = await busThat((response) => response.socket?.destroy());
    await using noise = await busThat((response) => response.socket?.end("220 mail ready\r\n"));

    expect([await bus.ask(status), await noise.ask(status)]).toMatchObject([
      { ok: false, fault: { type: "bus_unreachable" } },
      { ok: false, fault: { type: "bus_unreachable" } },
    ]);
  });

  it.each([
    ["nonsense", "nonsense"],
    ["ftp://127.0.0.1/api", "ftp://127.0.0.1/api"],
    ["http://ana:hush@127.0.0.1:1/api", "http://127.0.0.1:1/api"],
  ])("is said of %s, without a password in it", async (base, shown) => {
    const { answer } = await askBus({ base, limitMs: 1_000 }, status);

    expect(answer).toMatchObject({ ok: false, fault: { type: "bus_unreachable", message: words(shown) } });
    expect(JSON.stringify(answer)).not.toContain("hush");
  });

  it("ends when the caller does not want the answer any more", async () => {
    const caller = new AbortController();
    await using bus = await busThat(() => caller.abort());

    const asked = await askBus({ base: bus.base, limitMs: 60_000 }, status, caller.signal);

    expect([asked.answer.ok, asked.isBroken]).toEqual([false, false]);
  });
});

describe("what goes to a bus", () => {
  it("is JSON for a write, with the secret, the token and who asks; each where it is known", async () => {
    await using bus = await busThat(says(200, "{}"));
    const message = postMessage({ topic: "t", sender: "ana", body: "ü", action_flag: true });

    await bus.ask(message, { secret: "s", token: "t", principal: "ana:Ünal@x" });
    await bus.ask(message);

    expect(bus.seen[0]).toMatchObject({
      method: "POST",
      url: "/api/bus/message",
      body: '{"topic":"t","sender":"ana","body":"ü","action_flag":true}',
      headers: {
        "content-type": "application/json",
        "x-bus-secret": "s",
        authorization: "Bearer t",
        "x-signalbox-principal": "ana%3A%C3%9Cnal%40x",
      },
    });
    expect(Object.keys(bus.seen[1]?.headers ?? {})).not.toEqual(
      expect.arrayContaining(["x-bus-secret", "authorization", "x-signalbox-principal"]),
    );
  });

  it("is a query for a read, without the secret", async () => {
    await using bus = await busThat(says(200, "{}"));

    await bus.ask(readMessages({ limit: 5, topic: "a b&c", before: undefined, q: undefined }), { secret: "s" });

    expect(bus.seen[0]).toMatchObject({ method: "GET", url: "/api/bus/messages?limit=5&topic=a+b%26c", body: "" });
    expect(bus.seen[0]?.headers).not.toHaveProperty("x-bus-secret");
  });

  it.each([
    ["a lane/with ü?#", "/api/bus/lanes/a%20lane%2Fwith%20%C3%BC%3F%23/release"],
    ["..", "/api/bus/lanes/%2E%2E/release"],
    [".", "/api/bus/lanes/%2E/release"],
  ])("names the lane %j as one part of the path", async (lane, url) => {
    await using bus = await busThat(says(200, "{}"));

    await bus.ask(releaseLane(lane, { owner: "ana" }));

    expect(bus.seen[0]?.url).toBe(url);
  });

  it("may be answered later by as long as a claim waits", async () => {
    await using bus = await busThat(() => undefined);

    const answer = await bus.ask(claimLane("l", { owner: "ana", lease_s: 1, wait_s: 0.05 }), { limitMs: 10 });

    expect(answer).toMatchObject({ fault: { reason: "no answer within 0.06 s" } });
  });
});

describe("the environment", () => {
  it.each([
    [{}, undefined],
    [{ BUS_MCP_BASE_URL: " " }, undefined],
    [{ BUS_MCP_BASE_URL: "http://h:8100/api/bus//" }, "http://h:8100/api/bus"],
  ])("%j names the bus %s", (env, base) => {
    expect(namedBus(env)).toBe(base);
  });

  it.each([
    [undefined, 10_000],
    ["", 10_000],
    ["soon", 10_000],
    ["0", 10_000],
    ["-3", 10_000],
    ["NaN", 10_000],
    ["2.5", 2_500],
    ["0.0001", 1],
    ["1e12", 2 ** 31 - 1],
  ])("BUS_MCP_TIMEOUT_S=%s is %s ms", (value, ms) => {
    expect(busLimitMs(value === undefined ? {} : { BUS_MCP_TIMEOUT_S: value })).toBe(ms);
  });

  it("has a secret without the line break that ended its file, or none", () => {
    expect([{}, { BUS_WRITE_SECRET: "" }, { BUS_WRITE_SECRET: "a secret\n" }].map(writeSecret)).toEqual([undefined, undefined, "a secret"]);
  });

  it("puts the bus beside the session", () => {
    expect(ownBus("ws://127.0.0.1:38001/session/mpac-local-x")).toBe("http://127.0.0.1:38001/api/bus");
    expect(ownBus("wss://[::1]:1/")).toBe("https://[::1]:1/api/bus");
    expect(remoteBus({ uri: "wss://host/prefix/session/team" })).toBe("https://host/prefix/session/team/api/bus");
  });
});
