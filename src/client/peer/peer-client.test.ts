import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { readEnvelope, travellingEnvelope } from "../../wire/peer/canonical.ts";
import { type Broker, SECRET, startBroker, unsignedEnvelope } from "./broker.test.fixture.ts";
import { NAME_CLAIMED } from "./frames.ts";
import { createPeerClient, type PeerClient, type PeerOptions } from "./peer-client.ts";
import { isSigned, signed } from "./signature.ts";

/** Looks again after each thing that this process does. The test's own time limit ends a wait for nothing. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setImmediate(resolve));
}

/** An envelope as ana signs it. */
function envelope(id: string, body?: string, members?: Readonly<Record<string, string>>): string {
  const read = readEnvelope(unsignedEnvelope(id, body, members));
  if (read === undefined) throw new Error("this is no envelope");
  return travellingEnvelope(signed(read, SECRET));
}

interface Joined extends PeerClient {
  readonly said: readonly string[];
  readonly names: readonly string[];
  readonly barred: readonly string[];
}

function join(broker: Broker, name: string, options: Partial<PeerOptions> = {}): Joined {
  const [said, names, barred] = [[], [], []] as [string[], string[], string[]];
  const client = createPeerClient({
    broker: () => Promise.resolve({ url: broker.url, token: "token" }),
    secret: SECRET,
    name,
    nextName: () => undefined,
    onMessage: () => undefined,
    onRegistered: (registered) => names.push(registered),
    onBarred: (held) => barred.push(held),
    report: (line) => said.push(line),
    ...options,
  });
  return Object.defineProperties({ said, names, barred } as unknown as Joined, Object.getOwnPropertyDescriptors(client));
}

/** Waits until so many have come, and says that they were shown. */
async function read(client: PeerClient, count = 1): Promise<readonly { id: string; body: string; redelivered: boolean }[]> {
  const taken: ReturnType<PeerClient["take"]>[number][] = [];
  await until(() => taken.push(...client.take()) > 0 && taken.length >= count);
  client.shown(taken);
  return taken.map(({ envelope: { id, body }, redelivered }) => ({ id, body, redelivered }));
}

it("sends signed envelopes with the body as it was spelt, and hears others'", async () => {
  await using broker = await startBroker();
  await using ana = join(broker, "ana");
  await using bo = join(broker, "bo");
  await bo.peers();

  await ana.send("bo", '{"2":1.0,"1":"<\\u00e9>","1":1e5}');
  await ana.broadcast("null");
  const messages = await read(bo, 2);

  expect(messages.map(({ body }) => body)).toEqual(['{"2":1.0,"1":"\\u003c\\u00e9\\u003e","1":1e5}', "null"]);
  const sent = broker.heard.map(({ text }) => readEnvelope(text)).filter((one) => one?.kind === "msg" || one?.kind === "broadcast");
  for (const one of sent) {
    expect(one && isSigned(one, SECRET)).toBe(true);
    expect(one).toMatchObject({ protocol_version: "v1", from: "ana", source: "peer-bus" });
    expect(one?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(one?.ts).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$/);
  }
  expect(sent.map((one) => one?.to)).toEqual(["bo", "*"]);
});

it("says who else is there", async () => {
  await using broker = await startBroker();
  await using ana = join(broker, "ana");
  await using bo = join(broker, "bo");
  await bo.peers();

  expect([await ana.peers(), await bo.peers()]).toEqual([["bo"], ["ana"]]);
});

it("gives each question for the peers its own answer", async () => {
  await using broker = await startBroker();
  await using ana = join(broker, "ana");
  await ana.peers();
  broker.answersPeers = false;
  const asked = [ana.peers(), ana.peers(), ana.peers()];
  await until(() => broker.heard.filter(({ frame }) => frame["type"] === "peers").length === 4);

  broker.answersPeers = true;

  expect(await Promise.all(asked)).toEqual([[], [], []]);
});

describe("a message", () => {
  it("is acknowledged when it was shown, not when it came", async () => {
    await using broker = await startBroker();
    await using bo = join(broker, "bo");
    await bo.peers();
    broker.take(envelope("1"));
    await bo.peers(); // behind it
    const before = broker.unacknowledged();

    await read(bo);

    await until(() => broker.unacknowledged().length === 0);
    expect(before).toEqual(["1"]);
  });

  it("is acknowledged by its delivery key", async () => {
    await using broker = await startBroker();
    await using bo = join(broker, "bo");
    await bo.peers();
    broker.take(envelope("1", "1", { to: "*", kind: "broadcast" }));

    await read(bo);

    await until(() => broker.unacknowledged().length === 0);
    expect(broker.heard.filter(({ frame }) => frame["type"] === "ack").map(({ frame }) => frame["id"])).toEqual(["1|bo"]);
  });

  it("that comes before the answer to the registration is one like others", async () => {
    await using broker = await startBroker();
    broker.first = () => `{"type":"deliver","delivery_key":"1","envelope":${envelope("1")}}`;
    await using bo = join(broker, "bo");

    expect(await read(bo)).toEqual([{ id: "1", body: "1", redelivered: false }]);
    expect(bo.names).toEqual(["bo"]);
  });

  it.each([
    { name: "without a delivery key", key: "", text: envelope("bad"), says: "without delivery_key" },
    { name: "that was forged", key: "bad", text: envelope("bad").replace('"body":1', '"body":2'), says: "another secret" },
  ])("$name is passed over, and the next one is not", async ({ key, text, says }) => {
    await using broker = await startBroker();
    await using bo = join(broker, "bo");
    await bo.peers();
    for (const frame of ["[]", "nonsense", '{"type":"deliver","envelope":7}', '{"type":"later"}']) broker.say("bo", frame);

    broker.say("bo", `{"type":"deliver","delivery_key":"${key}","envelope":${text}}`);
    broker.take(envelope("good"));

    expect((await read(bo)).map(({ id }) => id)).toEqual(["good"]);
    expect(bo.said.join()).toContain(says);
    expect(bo.names).toEqual(["bo"]);
  });

  it("that is too large to reach anybody is refused before it is sent", async () => {
    await using broker = await startBroker();
    await using ana = join(broker, "ana");

    await expect(ana.send("bo", `"${"<".repeat(200_000)}"`)).rejects.toThrow(/is 1517\d\d bytes too large to reach a peer/);
    await ana.send("bo", `"${"x".repeat(1_048_100)}"`);
    await expect(ana.broadcast(`"${"x".repeat(1_048_100)}"`)).rejects.toThrow(/bytes too large/);
  });
});

describe("after a lost connection", () => {
  it("what was shown is acknowledged again and not shown again, what was not is shown once", async () => {
    await using broker = await startBroker();
    await using bo = join(broker, "bo");
    await bo.peers();
    broker.take(envelope("1"));
    await until(() => bo.names.length === 1 && broker.heard.length > 1);
    const first = await new Promise<ReturnType<PeerClient["take"]>>((resolve) => {
      void until(() => {
        const taken = bo.take();
        if (taken.length > 0) resolve(taken);
        return taken.length > 0;
      });
    });
    broker.take(envelope("2"));
    broker.cut("bo");
    bo.shown(first);
    await until(() => bo.names.length === 2);

    const later = await read(bo);

    await until(() => broker.unacknowledged().length === 0);
    expect(first.map((one) => one.envelope.id)).toEqual(["1"]);
    expect(later.map(({ id }) => id)).toEqual(["2"]);
    expect(bo.take()).toEqual([]);
  });

  it("what was acknowledged is acknowledged once more before anything else, until the broker surely has it", async () => {
    await using broker = await startBroker();
    await using bo = join(broker, "bo");
    await bo.peers();
    broker.take(envelope("1"));
    await read(bo);
    await until(() => broker.unacknowledged().length === 0);
    const acks = (): number => broker.heard.filter(({ frame }) => frame["type"] === "ack").length;

    broker.cut();
    await until(() => bo.names.length === 2);
    await broker.settled("bo");
    const afterLoss = acks();
    await bo.peers();
    await bo[Symbol.asyncDispose]();

    expect([afterLoss, acks(), bo.take()]).toEqual([2, 2, []]);
  });

  it("a broker that marks says what it has sent before", async () => {
    await using broker = await startBroker();
    const before = join(broker, "bo");
    await before.peers();
    broker.take(envelope("1"));
    await until(() => before.take().length > 0);
    await before[Symbol.asyncDispose](); // without having shown it
    broker.take(envelope("2"));
    await using bo = join(broker, "bo");

    expect(await read(bo, 2)).toMatchObject([
      { id: "1", redelivered: true },
      { id: "2", redelivered: false },
    ]);
  });

  it("what did not fit is asked for when there is room, in its order", async () => {
    await using broker = await startBroker();
    await using bo = join(broker, "bo", { mostWaiting: 3 });
    await bo.peers();
    const ids = Array.from({ length: 10 }, (_, index) => String(index));
    for (const id of ids) broker.take(envelope(id));
    await bo.peers(); // behind them all

    const rounds: string[][] = [];
    while (rounds.flat().length < ids.length) rounds.push((await read(bo)).map(({ id }) => id));

    expect(rounds.flat()).toEqual(ids);
    expect(Math.max(...rounds.map((round) => round.length))).toBeLessThanOrEqual(3);
    await until(() => broker.unacknowledged().length === 0);
    expect(bo.said).toEqual([]);
  });

  it("calls wait for the next one", async () => {
    await using broker = await startBroker();
    await using ana = join(broker, "ana");
    await ana.peers();
    broker.cut();
    await until(() => !broker.isConnected("ana"));

    await ana.send("bo", "1");
    await ana.peers(); // behind it

    expect(broker.heard.map(({ frame }) => frame["to"])).toContain("bo");
  });
});

describe("a registration that is refused", () => {
  it("is tried again, and told once", async () => {
    await using broker = await startBroker();
    broker.refused.set("ana", { code: 1008, reason: "invalid bearer token" });
    await using ana = join(broker, "ana");
    await until(() => broker.heard.length === 3);

    broker.refused.clear();

    expect(await ana.peers()).toEqual([]);
    expect(ana.said).toEqual(["not registered as ana: the broker refuses: invalid bearer token (1008)"]);
  });

  it("because the name is somebody else's ends the trying, and each call says why", async () => {
    await using broker = await startBroker();
    broker.refused.set("ana", { code: 1008, reason: NAME_CLAIMED });
    await using ana = join(broker, "ana");

    await expect(ana.send("bo", "1")).rejects.toThrow(
      "adapter: not connected to broker (the name is claimed under a different token; start again with another PEERBUS_NAME)",
    );
    await expect(ana.peers()).rejects.toThrow("not connected");
    expect([ana.barred, broker.heard.length]).toEqual([["ana"], 1]);
  });

  it("because the name is somebody else's goes on under another one, where there is one", async () => {
    await using broker = await startBroker();
    for (const name of ["ana", "ana-2"]) broker.refused.set(name, { code: 1008, reason: NAME_CLAIMED });
    const others = ["ana-2", "ana-3"];
    await using ana = join(broker, "ana", { nextName: () => others.shift() });

    await ana.send("bo", "1");
    await ana.peers(); // behind it

    expect([ana.name, ana.names, ana.barred]).toEqual(["ana-3", ["ana-3"], []]);
    expect(broker.heard.map(({ frame }) => frame["from"])).toContain("ana-3");
  });

  it("with that reason and another code, or another reason, is no such end", async () => {
    await using broker = await startBroker();
    broker.refused.set("ana", { code: 1011, reason: NAME_CLAIMED });
    await using ana = join(broker, "ana");
    await until(() => broker.heard.length === 2);
    broker.refused.clear();

    expect(await ana.peers()).toEqual([]);
    expect(ana.barred).toEqual([]);
  });
});

it("says that it is not connected when there is no broker", async () => {
  const broker = await startBroker();
  await broker[Symbol.asyncDispose]();
  await using ana = join(broker, "ana");

  await expect(ana.peers()).rejects.toThrow(/^adapter: not connected to broker \(.*ECONNREFUSED/);
});

it("shows nobody the address of what is no broker, which may hold a password", async () => {
  const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://ana:password@127.0.0.1:${(server.address() as AddressInfo).port}/?key=password`;
  await using none = await startBroker();
  await using ana = join(none, "ana", { broker: () => Promise.resolve({ url, token: "token" }) });

  await expect(ana.peers()).rejects.toThrow("adapter: not connected to broker (what listens there answers with HTTP status 404)");
  expect(ana.said.join()).not.toContain("password");
  server.close();
});

it("knows that the broker has its acknowledgements before it goes", async () => {
  await using broker = await startBroker();
  const bo = join(broker, "bo");
  await bo.peers();
  broker.take(envelope("1"));
  await read(bo);

  await bo[Symbol.asyncDispose]();

  expect(broker.unacknowledged()).toEqual([]);
  expect(broker.heard.slice(-2).map(({ frame }) => frame["type"])).toEqual(["ack", "peers"]);
});

it("goes where its broker is now, under the name that it has there, and at once when a call wants it", async () => {
  await using first = await startBroker();
  await using second = await startBroker();
  let at: { url: string; token: string; name: string } | undefined;
  const broker = () => (at === undefined ? Promise.reject(new Error("no sidecar runs")) : Promise.resolve(at));
  await using ana = join(first, "ana", { broker });

  await expect(ana.peers()).rejects.toThrow("adapter: not connected to broker (no sidecar runs)");
  at = { url: first.url, token: "token", name: "ana" };
  await ana.peers();
  at = { url: second.url, token: "token", name: "ana#2" };
  await first[Symbol.asyncDispose]();
  await until(() => ana.names.length === 2);

  expect(ana.names).toEqual(["ana", "ana#2"]);
  expect(ana.name).toBe("ana#2");
});
