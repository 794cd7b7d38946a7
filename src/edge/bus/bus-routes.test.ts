import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer, type IncomingMessage, request } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { describe, expect, it } from "vitest";
import { board } from "../../core/board/board.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { memoryStore } from "../../store/memory.ts";
import type { SessionId } from "../../wire/ids.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { createAtOnce } from "../http/at-once.ts";
import { createDoor } from "../http/door.ts";
import { endWithConnection } from "../http/queued-responses.ts";
import { createBoardEdge } from "./board-edge.ts";
import { createReadingRoom, type ReadingRoom } from "../http/reading-room.ts";
import { createBus } from "./bus-routes.ts";

const TABLE = { fast: { allowed_sessions: ["*"] }, slow: { allowed_sessions: ["*"] } } as unknown as TokenTable;

/** A bus on which the bearer of the token `fast` has been too fast. */
async function busWithPace(putOffMs: number, { isOpen = false, reading }: { isOpen?: boolean; reading?: ReadingRoom } = {}) {
  const engine = createEngine({ store: memoryStore(), log: silentLog, node: "n" });
  const door = createDoor({ table: isOpen ? undefined : TABLE, own: "own" });
  const fast = door.admitHeader("Bearer fast", "red");
  const { host } = await engine.open(board, "red" as SessionId, {});
  const edge = createBoardEdge({ host, engine, ownersGone: () => Promise.resolve(new Set()), readings: createAtOnce(1) });
  const bus = createBus({
    door,
    sessionAt: () => "red",
    visit: () => Promise.resolve({ board: edge, fingerprintsOf: () => Promise.resolve(new Map()) }),
    paceOf: (fingerprint) =>
      fast !== undefined && "admitted" in fast && fast.admitted !== "own" && fast.admitted.fingerprint === fingerprint ? putOffMs : 0,
    reading,
    writeSecret: () => undefined,
    onActivity: () => undefined,
    log: silentLog,
  });
  const answer = getRequestListener(bus.routes.fetch);
  const server = createServer((asked, response) => void (endWithConnection(response) && answer(asked, response))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/bus`;
  return {
    bus,
    door,
    host,
    base,
    ask: (token: string, signal?: AbortSignal) =>
      fetch(`${base}/status`, { headers: { authorization: `Bearer ${token}` }, ...(signal === undefined ? {} : { signal }) }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await engine.close();
    },
  };
}

it("puts off who is too fast, and nobody else", async () => {
  await using world = await busWithPace(4_000);
  const gone = new AbortController();
  const fast = world.ask("fast", gone.signal);
  fast.catch(() => undefined);
  await expect.poll(() => world.bus.isBusy()).toBe(true);

  const { status } = await world.ask("slow");

  expect([status, world.bus.isBusy()]).toEqual([200, true]);
  gone.abort();
});

it("tells who is much too fast when to come again", async () => {
  await using world = await busWithPace(7_200);

  const answer = await world.ask("fast");

  expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toEqual([
    429,
    "8",
    { detail: "this token asks more than the bus answers; slow down" },
  ]);
});

it("has room for this machine's own user, however much of their bodies others send slowly", async () => {
  await using world = await busWithPace(0, { isOpen: true, reading: createReadingRoom({ maxOfOne: 400, maxOfAll: 800, shortBytes: 0 }) });
  const post = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ topic: "t", sender: "bo", body: "x".repeat(200) });
    return (await fetch(`${world.base}/message`, { method: "POST", body, headers })).status;
  };
  const slow = request(`${world.base}/message`, { method: "POST" }).on("error", () => undefined);
  slow.write(`{"body":"${"x".repeat(300)}`);

  await expect.poll(() => post({})).toBe(503);
  expect(await post({ authorization: "Bearer own" })).toBe(200);
  slow.destroy();
});

it("makes no more answers for a reader that reads none, until it has read or gone", async () => {
  await using world = await busWithPace(0, { isOpen: true });
  const own = { headers: { authorization: "Bearer own" } };
  const claim = (owner: string) => JSON.stringify({ owner, wait_s: 50 });
  await fetch(`${world.base}/lanes/deploy/claim`, { method: "POST", body: claim("bo") });
  const { revision } = world.host;
  const { hostname, port, pathname } = new URL(world.base);
  const said = (line: string, body = "") => `${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const lazy = connect(Number(port), hostname).on("error", () => undefined);
  // Nothing is sent over this connection before the claim has its answer.
  lazy.write(said(`POST ${pathname}/lanes/deploy/claim`, claim("ana")) + said(`GET ${pathname}/status`).repeat(12));
  await expect.poll(() => world.host.revision).toBe(revision + 1);
  let isAnswered = false;

  const next = fetch(`${world.base}/messages`).finally(() => (isAnswered = true));
  const beside = [
    await fetch(`${world.base}/messages`, own),
    await fetch(`${world.base}/lanes/other/claim`, { method: "POST", body: claim("cy") }),
  ];
  const before = isAnswered;
  lazy.destroy();

  expect([(await next).status, before, ...beside.map(({ status }) => status)]).toEqual([200, false, 200, 200]);
});

describe("whose token is given out no more", () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const withoutSlow = { fast: TABLE["fast"] } as TokenTable;

  it("hears no more of what happens", async () => {
    await using world = await busWithPace(0);
    const streams = await Promise.all(["slow", "fast"].map((token) => fetch(`${world.base}/events`, bearer(token))));
    const [slow, fast] = streams.map(({ body }) => (body as ReadableStream<Uint8Array>).getReader());
    await Promise.all([slow?.read(), fast?.read()]);
    world.door.renew(withoutSlow);

    expect(world.bus.dismiss()).toBe(1);

    expect((await slow?.read())?.done).toBe(true);
    expect(world.bus.dismiss()).toBe(0);
    await fast?.cancel();
    await expect.poll(() => world.bus.isBusy()).toBe(false);
  });

  it("waits for no lane any more, and is told why", async () => {
    await using world = await busWithPace(0);
    const ask = (token: string, action: string, body: object) =>
      fetch(`${world.base}/lanes/deploy/${action}`, { method: "POST", body: JSON.stringify(body), ...bearer(token) });
    await ask("fast", "claim", { owner: "ana" });
    const { revision } = world.host;
    const waiting = ask("slow", "claim", { owner: "bo", lease_s: 600, wait_s: 50 });
    await expect.poll(() => world.host.revision).toBe(revision + 1);
    world.door.renew(withoutSlow);

    expect(world.bus.dismiss()).toBe(1);

    const answer = await waiting;
    expect([answer.status, await answer.json()]).toEqual([401, { detail: expect.stringMatching(/not known here/) as string }]);
    await ask("fast", "release", { owner: "ana" });
    const next = (await (await ask("fast", "claim", { owner: "ana" })).json()) as { readonly detail: string };
    expect(next.detail).toMatch(/held by bo for another 120 s/);
  });

  it("says nothing by a body that ends only then", async () => {
    await using world = await busWithPace(0);
    const before = world.host.revision;
    const headers = { authorization: "Bearer slow", "content-type": "application/json" };
    const asked = request(`${world.base}/message`, { method: "POST", headers });
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    const body = JSON.stringify({ topic: "t", sender: "bo", body: "hello" });

    asked.write(body.slice(0, 10));
    await expect.poll(() => world.bus.isBusy()).toBe(true);
    world.door.renew(withoutSlow);
    asked.end(body.slice(10));
    const [response] = await answered;
    response.resume();

    expect([response.statusCode, world.host.revision]).toEqual([401, before]);
  });
});
