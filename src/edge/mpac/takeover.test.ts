/** A second connection under the instance of the first: whoever was relayed a message knows that instance. */
import { describe, expect, it } from "vitest";
import { of, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

async function join(client: TestClient, signalbox?: object) {
  client.send("HELLO", signalbox === undefined ? {} : { extensions: { signalbox } });
  return client.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame));
}

const secretIn = (info: Awaited<ReturnType<typeof join>>): unknown => info.payload.extensions?.signalbox?.["secret"];

/** As a machine that lost its network: nothing arrives there, and nothing says so here. */
function fallSilent(client: TestClient): void {
  client.socket.pause();
}

describe("a connection under the instance of one that lives", () => {
  it("is refused as long as that one answers, and that one notices nothing", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using thief = await served.connect("ana");
    await join(ana);

    const refused = await join(thief);

    expect(refused.payload).toMatchObject({ error_code: "AUTHORIZATION_FAILED", extensions: { signalbox: { suggested: "ana#2" } } });
    ana.send("HEARTBEAT", { status: "working" });
    expect(await ana.sofar()).toEqual([]);
  });

  it("takes its place with what that one was told", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using again = await served.connect("ana");
    const secret = secretIn(await join(ana, {}));

    const info = await join(again, { secret });

    expect(info.message_type).toBe("SESSION_INFO");
    expect(await ana.closed).toBe(4001);
    expect(secretIn(info)).not.toBe(secret);
  });

  it.each([
    { name: "a guess", secret: "AAAAAAAAAAAAAAAAAAAAAAAA" },
    { name: "nothing", secret: "" },
    { name: "a number", secret: 7 },
  ])("does not take its place with $name", async ({ secret }) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using thief = await served.connect("ana");
    await join(ana, {});

    expect((await join(thief, { secret })).message_type).toBe("PROTOCOL_ERROR");
  });

  it("takes its place when nobody is there any more", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using again = await served.connect("ana");
    await join(ana);
    fallSilent(ana);

    expect((await join(again)).message_type).toBe("SESSION_INFO");
  });

  it("is refused while that one is joining", async () => {
    await using served = await serveSession();
    const clients = await Promise.all(["1", "1", "1"].map((instance) => served.connect("ana", instance)));

    const answers = await Promise.all(clients.map((client) => join(client)));

    expect(answers.filter(of("SESSION_INFO"))).toHaveLength(1);
    for (const client of clients) client[Symbol.dispose]();
  });
});

it("what a client is told alone is neither relayed nor recorded", async () => {
  await using served = await serveSession();
  using bo = await served.connect("bo");
  using ana = await served.connect("ana");
  using again = await served.connect("ana");
  await join(bo, {});
  const secret = String(secretIn(await join(ana, {})));
  await join(again, { secret });

  expect(secret).toHaveLength(24);
  expect(JSON.stringify(await bo.sofar())).not.toContain(secret);
  expect((await served.log()).join("\n")).not.toContain(secret);
});
