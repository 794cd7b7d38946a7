/** Which listeners of 2026 make no server of the SDK, and that their streams are begun and ended as those that do. */
import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { listenTo, modern, open, post } from "../../app/mcp.test.fixture.ts";
import { EVERYBODY, mount } from "./mcp-edge.test.fixture.ts";
import type { PlainListener, Serving } from "./serving.ts";
import { toy } from "./toy.test.fixture.ts";

const ANA = { authorization: "Bearer ana" };
const WORDS = {
  acknowledged: () => '{"said":"acknowledged"}',
  updated: (id: string | number, uri: string) => JSON.stringify({ said: uri, id }),
  ended: () => '{"said":"ended"}',
};

/** Those who listen, as the edge has them followed. */
function watched(before: () => Promise<void> = () => Promise.resolve()) {
  const watching = new Set<PlainListener>();
  const watch = async (listener: PlainListener): Promise<Disposable> => {
    watching.add(listener);
    await before();
    return { [Symbol.dispose]: () => void watching.delete(listener) };
  };
  let servers = 0;
  const { serve } = toy({ listening: { words: WORDS, watch } });
  const serving = serve("s", {}) as Serving;
  const makeServer: Serving["makeServer"] = (era) => {
    servers += 1;
    return serving.makeServer(era);
  };
  return { serve: () => ({ ...serving, makeServer }), watching, servers: () => servers };
}

const [body, headers] = modern("subscriptions/listen", { notifications: { resourceSubscriptions: ["a", "b", "a"] } });
const params = body["params"] as { readonly _meta: object };
const traced = { ...body, params: { ...params, _meta: { ...params._meta, traceparent: "00-1-2-01" } } };

async function listening(url: string, more: Record<string, string> = {}, message: object = body) {
  const abort = new AbortController();
  const response = await open(url, message, { ...headers, ...ANA, ...more }, abort.signal);
  const stream = listenTo(response, abort);
  return { response, ...stream, said: async () => JSON.parse((await stream.next())?.data ?? "null") as unknown };
}

describe("a plain listener over HTTP", () => {
  it("makes no server, and is told as itself of what it follows", async () => {
    const { serve, watching, servers } = watched();
    await using mounted = await mount({ serve });

    const stream = await listening(mounted.url);
    const first = await stream.said();
    const [listener] = watching;
    listener?.tell("b");
    const second = await stream.said();
    stream.close();

    expect([first, second, servers()]).toEqual([{ said: "acknowledged" }, { said: "b", id: body["id"] }, 0]);
    expect(listener).toMatchObject({ uris: ["a", "b"], clientName: "test client", visit: { caller: { name: "ana" }, sessionId: "s" } });
    await expect.poll(() => [watching.size, mounted.edge.isBusy()]).toEqual([0, false]);
  });

  it("has the headers of one that the SDK serves, also for a page", async () => {
    const { serve, servers } = watched();
    await using mounted = await mount({ serve });
    const origin = new URL(mounted.url).origin;

    const streams = [await listening(mounted.url, { origin }), await listening(mounted.url, { origin }, traced)];
    const [ours, theirs] = streams.map(({ response }) => {
      const { date: _date, ...rest } = Object.fromEntries(response.headers);
      return rest;
    });
    for (const stream of streams) stream.close();

    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({ "access-control-allow-origin": origin, "cache-control": "no-cache", "transfer-encoding": "chunked" });
    expect(servers()).toBe(1);
  });

  it("is told before a handover that its stream ends, and when to come again", async () => {
    const { serve, watching } = watched();
    await using mounted = await mount({ serve });
    const stream = await listening(mounted.url);

    await mounted.edge.hold();
    const said = [await stream.said(), await stream.said(), await stream.next()];
    const { response: again } = await listening(mounted.url);

    expect(said).toEqual([{ said: "acknowledged" }, { said: "ended" }, undefined]);
    expect([again.status, again.headers.get("retry-after")]).toEqual([503, "1"]);
    await expect.poll(() => [watching.size, mounted.edge.isBusy()]).toEqual([0, false]);
  });

  it("whose credential is gone before it is followed has no stream", async () => {
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const { serve, watching } = watched(() => gone);
    await using mounted = await mount({ serve, callers: { ...EVERYBODY, stillHolds: () => watching.size === 0 } });

    const answering = post(mounted.url, body, { ...headers, ...ANA });
    await expect.poll(() => watching.size).toBe(1);
    mounted.edge.dismiss();
    go();

    expect(await answering).toMatchObject({ status: 401, body: { error: { code: -32001 } } });
    await expect.poll(() => [watching.size, mounted.edge.isBusy()]).toEqual([0, false]);
  });

  it("that goes away before it is followed leaves nothing behind", async () => {
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const { serve, watching } = watched(() => gone);
    await using mounted = await mount({ serve });
    const abort = new AbortController();

    const answering = open(mounted.url, body, { ...headers, ...ANA }, abort.signal);
    await expect.poll(() => watching.size).toBe(1);
    abort.abort();
    await expect(answering).rejects.toThrow("aborted");
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    go();

    await expect.poll(() => [watching.size, mounted.edge.isBusy()]).toEqual([0, false]);
  });

  it("that waits behind another on its connection leaves nothing behind when that is gone", async () => {
    const { serve, watching } = watched();
    await using mounted = await mount({ serve });
    const { host, hostname, port } = new URL(mounted.url);
    const text = JSON.stringify(body);
    const fields = { host, ...headers, ...ANA, "content-type": "application/json", "content-length": text.length };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const asked = `POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${text}`;
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");

    socket.write(asked.repeat(2));
    await expect.poll(() => watching.size).toBe(2);
    socket.destroy();

    await expect.poll(() => [watching.size, mounted.edge.isBusy()]).toEqual([0, false]);
  });

  it("that nobody can follow is told so, and holds no place", async () => {
    const { serve } = watched(() => Promise.reject(new Error("the log is gone")));
    await using mounted = await mount({ serve, mostListeners: 2 });

    const answers = [await post(mounted.url, body, { ...headers, ...ANA }), await post(mounted.url, body, { ...headers, ...ANA })];

    for (const answered of answers) expect(answered).toMatchObject({ status: 500, body: { error: { code: -32603 } } });
    await expect.poll(() => mounted.edge.isBusy()).toBe(false);
  });

  it("has a place as long as its stream is open", async () => {
    const { serve } = watched();
    await using mounted = await mount({ serve, mostListeners: 2 });
    const stream = await listening(mounted.url);

    const refused = await post(mounted.url, body, { ...headers, ...ANA });
    stream.close();
    await expect.poll(() => mounted.edge.isBusy()).toBe(false);
    const again = await listening(mounted.url);

    expect([refused.status, refused.headers.get("retry-after"), await again.said()]).toEqual([503, "5", { said: "acknowledged" }]);
    again.close();
  });
});
