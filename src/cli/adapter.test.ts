import { describe, expect, it } from "vitest";
import { startBroker } from "../client/peer/broker.test.fixture.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { brokerProcess, PEERS, seat, type Seated } from "./adapter.test.fixture.ts";
import { signalbox } from "./program.test.fixture.ts";

interface Message {
  readonly id: string;
  readonly from: string;
  readonly body: unknown;
}

/** Drains until so many messages have come. */
async function drain(peer: Seated, count: number): Promise<readonly Message[]> {
  const messages: Message[] = [];
  while (messages.length < count) messages.push(...((await peer.call("bus.drain"))["messages"] as Message[]));
  return messages;
}
const bodies = (messages: readonly Message[]): unknown[] => messages.map(({ body }) => body);

describe("the command line", () => {
  it.each([
    { name: "without a mode", args: [], env: {}, says: "missing required --adapter=<mode> (one of: cc, generic)" },
    { name: "with an unknown mode", args: ["--adapter=hermes"], env: {}, says: 'unknown adapter mode "hermes" (one of: cc, generic)' },
    { name: "without a broker", args: ["--adapter=cc"], env: {}, says: "PEERBUS_URL is required" },
    {
      name: "without a name",
      args: ["--adapter=generic"],
      env: { ...PEERS, PEERBUS_URL: "ws://127.0.0.1:1" },
      says: "PEERBUS_NAME is required for --adapter=generic",
    },
  ])("$name cannot be used", async ({ args, env, says }) => {
    await using scratch = await scratchFolder();

    expect(await signalbox({ ...scratch, env: { ...scratch.env, ...env } }, "adapter", ...args)).toEqual({
      code: 2,
      stdout: "",
      stderr: `peerbus: ${says}\n`,
    });
  });
});

it("ends with its input, broker or none", async () => {
  await using scratch = await scratchFolder();
  await using alone = seat(scratch, "generic", "ws://127.0.0.1:1", "ana");
  alone.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');

  expect(await alone.next()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  expect(await alone.end()).toBe(0);
});

describe("two generic adapters and one of Claude Code, on a broker that is killed", () => {
  it("lose nothing that the broker had, and show nothing twice", async () => {
    await using scratch = await scratchFolder();
    await using broker = await brokerProcess(scratch);
    await using ana = seat(scratch, "generic", broker.url, "ana");
    await using bo = seat(scratch, "generic", broker.url, "bo");
    await using cy = seat(scratch, "cc", broker.url, "cy");
    for (const peer of [ana, bo, cy]) await peer.call("bus.peers");
    cy.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    await cy.next(); // who it is

    await ana.call("bus.send", { to: "bo", body: "drained before" });
    const early = await drain(bo, 1);
    await ana.call("bus.send", { to: "bo", body: "buffered" });
    await ana.call("bus.broadcast", { body: "to all" });
    await ana.call("bus.peers"); // the broker has taken what came before
    const pushed = await cy.next();
    await broker.killAndRestart();
    const late = await drain(bo, 2);
    await bo.call("bus.send", { to: "cy", body: { text: "after" } });
    const [again, after] = [await cy.next(), await cy.next()];
    await bo.call("bus.peers");

    expect([bodies(early), bodies(late)]).toEqual([["drained before"], ["buffered", "to all"]]);
    expect([pushed, again, after]).toMatchObject([
      { params: { content: '📨 broadcast from ana: "to all"' } },
      { params: { content: "📡 connected as cy" } },
      { params: { content: '📨 msg from bo: "after"' } },
    ]);
    expect(await bo.call("bus.drain")).toEqual({ messages: [] });
    expect(cy.heard.filter(({ method }) => method !== undefined)).toHaveLength(4);
  });
});

it("loses nothing when it is killed before it was drained", async () => {
  await using scratch = await scratchFolder();
  await using broker = await startBroker();
  await using ana = seat(scratch, "generic", broker.url, "ana");
  const before = seat(scratch, "generic", broker.url, "bo");
  await before.call("bus.peers");
  await ana.call("bus.send", { to: "bo", body: 1 });
  await ana.call("bus.peers");
  await before.call("bus.peers"); // it has come by now
  await before.kill();
  await ana.call("bus.send", { to: "bo", body: 2 });

  await using bo = seat(scratch, "generic", broker.url, "bo");

  expect(bodies(await drain(bo, 2))).toEqual([1, 2]);
});
