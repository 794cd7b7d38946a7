import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startBroker } from "../client/peer/broker.test.fixture.ts";
import { signed } from "../client/peer/signature.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { travellingEnvelope } from "../wire/peer/canonical.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { PEER_SECRET_FILE, readPeerSettings } from "./peer-settings.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** Joined as a coding client's start would have it. */
async function joined(...bridges: ReturnType<typeof bridgeIn>[]): Promise<void> {
  for (const bridge of bridges) (await bridge.context()).joinSoon();
  for (const bridge of bridges) await bridge.call("bus_peers");
}

const unread = async (bridge: ReturnType<typeof bridgeIn>): Promise<unknown> => (await bridge.call("bus_peers"))["unread"];

/** Until so many messages wait for it. */
const waits = (bridge: ReturnType<typeof bridgeIn>, count: number) =>
  eventually(async () => ((await unread(bridge)) === count ? true : undefined));

describe("peers of one repository", () => {
  it("know each other by their principals, send and drain, and each message is given once", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    await using bo = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    await joined(ana, bo);

    const seen = await ana.call("bus_peers");
    const sent = await ana.call("bus_send", { to: "bo", body: { text: "<hi>" } });
    await ana.call("bus_broadcast", { body: "all" });
    await waits(bo, 2);
    const drained = await bo.call("bus_drain");
    const empty = await bo.call("bus_drain");

    expect(seen).toMatchObject({ self: "ana", peers: ["bo"] });
    expect(sent).toMatchObject({ sent: true, to: "bo", workspace_dir: repo });
    expect(drained).toMatchObject({
      messages: [
        { from: "ana", source: "peer-bus", body: { text: "<hi>" } },
        { from: "ana", body: "all" },
      ],
    });
    expect(empty["messages"]).toEqual([]);
    expect(empty).not.toHaveProperty("unread");
  });

  it("can be looked at without taking anything", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    await using bo = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    await joined(ana, bo);
    for (const body of ["first", "x".repeat(200)]) await ana.call("bus_send", { to: "bo", body });
    await waits(bo, 2);
    const { peers } = (await bo.context()).tools;

    const looks = [await peers.waiting?.(20_000), await peers.waiting?.(100)];

    expect(looks).toMatchObject([
      { messages: [{ from: "ana", body: "first" }, { body: "x".repeat(200) }], remaining: 0 },
      { messages: [{ body: "first" }], remaining: 1 },
    ]);
    expect((await bo.call("bus_drain"))["messages"]).toHaveLength(2);
  });

  it("get mail that was asked for twice under one id once, over a restart of everything too", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const sidecar = await sidecarFor(repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    const first = bridgeIn(scratch, repo, { drains: true });
    await joined(first, bo);
    const mail = { to: "bo", body: { n: 1 }, client_request_id: "r1" };
    const all = { body: "all", client_request_id: "r2" };

    await Promise.all([first.call("bus_send", mail), first.call("bus_send", mail)]);
    await first.call("bus_broadcast", all);
    const other = await first.call("bus_send", { ...mail, body: { n: 2 } });
    await waits(bo, 2);
    await sidecar[Symbol.asyncDispose]();
    await first.contexts.leave();
    await using _again = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    await joined(ana, bo);
    const again = await ana.call("bus_send", mail);
    await ana.call("bus_broadcast", all);
    await ana.call("bus_send", { to: "bo", body: "last" });
    await waits(bo, 3);

    expect(other).toMatchObject({ status: "error", code: "REQUEST_OTHER_CONTENT" });
    expect(again).toMatchObject({ sent: true, to: "bo" });
    expect((await bo.call("bus_drain"))["messages"]).toMatchObject([{ body: { n: 1 } }, { body: "all" }, { body: "last" }]);
  });

  it("keep what did not reach the host, over a restart of the sidecar too", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const first = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    await using bo = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    await joined(ana, bo);
    await ana.call("bus_send", { to: "bo", body: "keep" });
    await waits(bo, 1);

    const lost = await bo.call("bus_drain", {}, false);
    await first[Symbol.asyncDispose]();
    await using _again = await sidecarFor(repo);
    const kept = await bo.call("bus_drain");
    await ana.call("bus_send", { to: "bo", body: "last" });
    await waits(bo, 1);

    expect([lost["messages"], kept["messages"]]).toMatchObject([[{ body: "keep" }], [{ body: "keep" }]]);
    expect((await bo.call("bus_drain"))["messages"]).toMatchObject([{ body: "last" }]);
  });

  it("leave to the next bridge of the name what no host was given, marked as sent before", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    const bo = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    await joined(ana, bo);
    await ana.call("bus_send", { to: "bo", body: "keep" });
    await waits(bo, 1);

    await bo.call("bus_drain", {}, false);
    await bo[Symbol.asyncDispose]();
    await using next = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    await joined(next);
    await waits(next, 1);

    expect((await next.call("bus_drain"))["messages"]).toMatchObject([{ body: "keep", redelivered: true }]);
  });

  it("share a secret that no other user reads", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    await joined(ana);

    const file = join(repo, ".git", "signalbox", PEER_SECRET_FILE);

    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
    expect(await readFile(file, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it("take no mail that no tool of theirs would give", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo, { drains: true });
    await using bo = bridgeIn(scratch, repo, { principal: "bo", drains: false });
    await joined(ana, bo);

    await ana.call("bus_send", { to: "bo", body: 1 });

    expect(await unread(bo)).toBeUndefined();
  });
});

it("a sidecar that was stopped is not started for mail, and one that is not there is said", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using ana = bridgeIn(scratch, repo, { drains: true });
  (await ana.context()).joinSoon();

  const [answer, drained] = [await ana.call("bus_send", { to: "bo", body: 1 }), await ana.call("bus_drain")];

  expect(drained).toMatchObject({ code: "PEERS_UNAVAILABLE" });
  expect(answer).toMatchObject({ status: "error", code: "PEERS_UNAVAILABLE", workspace_dir: repo });
});

it("another broker is met under the names of the environment, with one connection for all workspaces", async () => {
  await using scratch = await scratchFolder();
  const [repo, other] = [await scratch.repository("repo"), await scratch.repository("other")];
  await using broker = await startBroker();
  const variables = { PEERBUS_URL: broker.url, PEERBUS_NAME: "lucky", PEERBUS_TOKEN: "token", PEERBUS_HMAC_SECRET: SECRET };
  await using ana = bridgeIn(scratch, repo, { drains: true, variables });
  await joined(ana);

  const here = await ana.call("bus_peers");
  const there = (await ana.context(other)).tools.peers;

  expect(here).toMatchObject({ self: "lucky" });
  expect(there).toBe((await ana.context()).tools.peers);
});

it("a broker that is away is said also when mail is asked for", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const broker = await startBroker();
  await broker[Symbol.asyncDispose]();
  const variables = { PEERBUS_URL: broker.url, PEERBUS_NAME: "ana", PEERBUS_TOKEN: "token", PEERBUS_HMAC_SECRET: SECRET };
  await using ana = bridgeIn(scratch, repo, { drains: true, variables });

  const drained = await ana.call("bus_drain");

  expect(drained).toMatchObject({
    code: "PEERS_UNAVAILABLE",
    message: expect.stringMatching(/^not connected to broker \(.*ECONNREFUSED/) as string,
  });
});

it("a message that no peer could take is not to be sent again as it is", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using broker = await startBroker();
  const variables = { PEERBUS_URL: broker.url, PEERBUS_NAME: "ana", PEERBUS_TOKEN: "token", PEERBUS_HMAC_SECRET: SECRET };
  await using ana = bridgeIn(scratch, repo, { drains: true, variables });
  await joined(ana);

  const answer = await ana.call("bus_send", { to: "bo", body: "<".repeat(200_000) });

  expect(answer).toMatchObject({
    code: "MAIL_TOO_LARGE",
    message: expect.stringMatching(/^the message is \d+ bytes too large to reach a peer/) as string,
    next: [{ tool: "bus_send", why: "with a smaller body; nothing was sent" }],
  });
  expect(answer).not.toHaveProperty("next.0.arguments");
});

it("a body that is deeper than anybody can show comes as its text, and keeps no other message back", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using broker = await startBroker();
  const variables = { PEERBUS_URL: broker.url, PEERBUS_NAME: "ana", PEERBUS_TOKEN: "token", PEERBUS_HMAC_SECRET: SECRET };
  await using ana = bridgeIn(scratch, repo, { drains: true, variables });
  await joined(ana);
  const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const said = { protocol_version: "v1", from: "bo", to: "ana", ts: "", source: "peer-bus", kind: "msg" };
  const bodies = ['"before"', nested(100), nested(101), nested(9_998), '"after"'];
  for (const [place, body] of bodies.entries()) broker.take(travellingEnvelope(signed({ ...said, id: `m${place}`, body }, SECRET)));
  await waits(ana, bodies.length);

  const drained = await ana.call("bus_drain");

  expect(drained["messages"]).toMatchObject([
    { body: "before" },
    { body: JSON.parse(nested(100)) as unknown },
    { body: nested(101) },
    { body: nested(9_998) },
    { body: "after" },
  ]);
});

describe("settings", () => {
  it.each<{ env: Record<string, string>; kind?: "own" | "elsewhere"; says: string }>([
    { env: { PEERBUS_URL: "localhost" }, says: "PEERBUS_URL is not the address of a broker" },
    { env: { PEERBUS_URL: "ws://127.0.0.1:1", PEERBUS_HMAC_SECRET: SECRET }, says: "PEERBUS_TOKEN is not set" },
    { env: { PEERBUS_URL: "ws://127.0.0.1:1", PEERBUS_TOKEN: "t" }, says: "PEERBUS_HMAC_SECRET is not set" },
    { env: { PEERBUS_HMAC_SECRET: "short" }, says: "fewer than 32 bytes" },
    { env: {}, kind: "elsewhere", says: "PEERBUS_HMAC_SECRET is not set, and peers in a session elsewhere know each other by it" },
    { env: {}, says: "cannot be kept" },
  ])("$env cannot be used: $says", async ({ env, kind = "own", says }) => {
    await expect(readPeerSettings(env, kind, "/nowhere/at/all")).rejects.toThrow(says);
  });

  it("are taken by name, an empty one counts as unset, and nothing is trimmed", async () => {
    const env = { PEERBUS_URL: "", PEERBUS_TOKEN: "", PEERBUS_NAME: " ana ", PEERBUS_HMAC_SECRET: `${SECRET} ` };

    expect(await readPeerSettings(env, "own", "/nowhere")).toEqual({
      url: undefined,
      token: undefined,
      name: " ana ",
      secret: `${SECRET} `,
    });
  });
});
