/** What a connection may cost others: how fast it is read, how long it may say nothing, and how long it may not be there. */
import { describe, expect, it } from "vitest";
import type { TokenTable } from "../../wire/token-table.ts";
import { of, type Received, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

async function join(client: TestClient, payload: object = {}) {
  client.send("HELLO", payload, { ts: new Date().toISOString() });
  return client.next(of("SESSION_INFO"));
}

const announces = (count: number) =>
  Array.from({ length: count }, (_, number) => ({ intent_id: `i${number}`, scope: scope(`${number}.ts`) }));

it("a connection that is too fast is read in order to the last frame, and others are not kept waiting", async () => {
  await using served = await serveSession({ rate: { perSecond: 20, burst: 4 } });
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);
  const sent = announces(12);
  const echoes: unknown[] = [];
  let first: Received | undefined;

  for (const payload of sent) ana.send("INTENT_ANNOUNCE", payload);
  bo.send("CONFLICT_ACK", { conflict_id: "none" });
  const answered = bo.next(of("PROTOCOL_ERROR")).then((frame) => (first ??= frame));
  while (echoes.length < sent.length) {
    const echo = await ana.next(of("INTENT_ANNOUNCE"));
    echoes.push(echo.payload["intent_id"]);
    if (echoes.length === sent.length) first ??= echo;
  }

  await answered;
  expect(echoes).toEqual(sent.map((one) => one.intent_id));
  expect(first?.message_type).toBe("PROTOCOL_ERROR");
});

it("frames that are large wait outside, and all are read", async () => {
  await using served = await serveSession({ rate: { perSecond: 50, burst: 1 } });
  using ana = await served.connect("ana");
  await join(ana);
  const objective = "x".repeat(4_000);
  for (const payload of announces(10)) ana.send("INTENT_ANNOUNCE", { ...payload, assumptions: [objective.repeat(200)] });

  let last: Received;
  do last = await ana.next(of("INTENT_ANNOUNCE"));
  while (last.payload["intent_id"] !== "i9");

  expect(last.payload["intent_id"]).toBe("i9");
});

describe("a connection that is looked after", () => {
  const TABLE = { "ana-token": { allowed_sessions: ["s"], roles: ["owner"] } } as unknown as TokenTable;
  const served = () => serveSession({ door: { table: TABLE }, lookAfterMs: 100 });

  it("ends when nobody took its HELLO for two looks", async () => {
    await using here = await served();
    using ana = await here.connect("ana");
    ana.send("HELLO", { credential: { type: "bearer_token", value: "x" } });

    expect(await ana.closed).toBe(1008);
  });

  it("ends when nobody is there", async () => {
    await using here = await served();
    using ana = await here.connect("ana");
    await join(ana, { credential: { type: "bearer_token", value: "ana-token" } });
    ana.socket.pause();

    while (here.edge.connections > 0) await new Promise((resolve) => setImmediate(resolve));

    expect(here.edge.connections).toBe(0);
  });

  it("stays while somebody is", async () => {
    await using here = await served();
    using ana = await here.connect("ana");
    await join(ana, { credential: { type: "bearer_token", value: "ana-token" } });
    let pings = 0;
    const looked = new Promise<void>((resolve) => ana.socket.on("ping", () => (pings += 1) === 4 && resolve()));

    await looked;

    expect(here.edge.connections).toBe(1);
  });
});
