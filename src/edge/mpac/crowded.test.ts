/** A session of so many that what is told to all waits for a moment: on real sockets, whatever comes in between. */
import { expect, it } from "vitest";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

type Served = Awaited<ReturnType<typeof serveSession>>;

/** The least with whom anything waits. */
const SIZE = 20;

async function crowd(served: Served): Promise<[TestClient, ...TestClient[]]> {
  const joined: TestClient[] = [];
  for (let number = 0; number < SIZE; number += 1) {
    const client = await served.connect(`ana-${number}`);
    client.send("HELLO", { extensions: { signalbox: {} } });
    await client.next(of("SESSION_INFO"));
    joined.push(client);
  }
  return joined as [TestClient, ...TestClient[]];
}

/** Does it in the turn in which the record of a message of this type is told. */
function asSoonAsTold({ stream }: Served, type: string, act: () => void): void {
  const hearing = stream.host.subscribe(({ command }) => {
    if ((command as { readonly message_type?: string }).message_type !== type) return;
    hearing[Symbol.dispose]();
    act();
  });
}

it("hears the last that happened before the service restarts", async () => {
  await using served = await serveSession();
  const [ana, ...others] = await crowd(served);
  asSoonAsTold(served, "INTENT_ANNOUNCE", () => served.edge.close());

  ana.send("INTENT_ANNOUNCE", { intent_id: "last", scope: scope("a.ts") });
  const heard = await Promise.all(others.map((client) => client.next(of("INTENT_ANNOUNCE"))));

  expect(heard.map(({ payload }) => payload["intent_id"])).toEqual(others.map(() => "last"));
  expect(await Promise.all([ana, ...others].map(({ closed }) => closed))).toEqual([ana, ...others].map(() => 1012));
});

it("hears everything in one order, also whoever is answered in the middle of it", async () => {
  await using served = await serveSession();
  const everyone = await crowd(served);
  const each = 5;

  const orders = everyone.map(async (client) => {
    const order: unknown[] = [];
    await client.next((frame) => {
      if (of("INTENT_ANNOUNCE")(frame)) order.push(frame.payload["intent_id"]);
      return order.length === SIZE * each;
    });
    return order;
  });
  for (let round = 0; round < each; round += 1) {
    everyone.forEach((client, number) => {
      const name = `intent-${number}-${round}`;
      client.send("INTENT_ANNOUNCE", { intent_id: name, scope: scope(`${name}.ts`) });
    });
  }

  expect(new Set((await Promise.all(orders)).map((order) => order.join())).size).toBe(1);
});
