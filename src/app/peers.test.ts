/** The mail of peers between callers over HTTP, who are peers of the session in process. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ANYBODY, proven, visited } from "./visitors.test.fixture.ts";

const MINUTE = 60_000;
const ana = proven("ana");
const bo = proven("bo");

beforeEach(() => void vi.stubEnv("PEERBUS_HMAC_SECRET", "0123456789abcdef0123456789abcdef"));
afterEach(() => void vi.unstubAllEnvs());

/** Both take part, and are peers. */
async function acquainted(session: Awaited<ReturnType<typeof visited>>) {
  for (const [caller, file] of [
    [ana, "a"],
    [bo, "b"],
  ] as const) {
    await session.call(caller, "begin_task", { objective: "o", files: [file], ttl_sec: 7_200 });
    await session.call(caller, "bus_peers");
  }
}

it("sends to another, whose next answer says that mail waits, and whose drain gives it once", async () => {
  await using session = await visited();
  await acquainted(session);

  const sent = await session.call(ana, "bus_send", { to: "bo", body: "hello" });
  await session.settled();
  const told = await session.call(bo, "who_is_working");
  const first = await session.call(bo, "bus_drain");

  expect(sent).toMatchObject({ sent: true, to: "bo" });
  expect(told).toMatchObject({ unread: 1 });
  expect(first).toMatchObject({ messages: [{ from: "ana", body: "hello" }] });
});

it("acknowledges what reached its reader, and gives again what did not", async () => {
  await using session = await visited();
  await acquainted(session);
  await session.call(ana, "bus_send", { to: "bo", body: "hello" });
  await session.settled();
  const { peers } = await session.contextOf(bo);

  const lost = await peers.drain(10_000);
  lost.settle(false);
  const again = await peers.drain(10_000);
  again.settle(true);
  await session.settled();

  expect([lost.messages.length, again.messages.length, (await peers.drain(10_000)).messages.length]).toEqual([1, 1, 0]);
});

it("gives once more what was given and then not read, marked so, and in the order in which it came", async () => {
  await using session = await visited();
  await acquainted(session);
  await session.call(ana, "bus_send", { to: "bo", body: "hello" });
  await session.settled();
  const { peers } = await session.contextOf(bo);

  const unread = (await peers.drain(10_000)).settle(true);
  await session.call(ana, "bus_send", { to: "bo", body: "last" });
  await session.settled();
  unread?.(true);
  const again = await peers.drain(10_000);
  again.settle(true)?.(true);
  await session.settled();

  expect(again.messages).toMatchObject([{ body: "hello", redelivered: true }, { body: "last" }]);
  expect((await peers.drain(10_000)).messages).toMatchObject([{ body: "last", redelivered: true }]);
});

it.each([
  ["has been given", true, 0],
  ["was lost on its way", false, 1],
])("of what %s, the next life of the sidecar gives accordingly", async (_, given, again) => {
  const first = await visited();
  await acquainted(first);
  await first.call(ana, "bus_send", { to: "bo", body: "hello" });
  await first.settled();
  (await (await first.contextOf(bo)).peers.drain(10_000)).settle(given);
  await first.settled();
  await first.end();
  await using next = await visited({ store: first.store });
  await next.call(bo, "who_is_working");
  await next.settled();

  const { messages } = await (await next.contextOf(bo)).peers.drain(10_000);

  expect(messages.map(({ body, redelivered }) => [body, redelivered])).toEqual(again === 0 ? [] : [["hello", true]]);
});

it("passes over what was signed with another secret", async () => {
  await using session = await visited();
  await session.call(ana, "begin_task", { objective: "o", files: ["a"] });
  await session.call(ana, "bus_peers");
  vi.stubEnv("PEERBUS_HMAC_SECRET", "another secret of thirty-two bytes");
  await session.call(bo, "begin_task", { objective: "o", files: ["b"] });
  await session.call(bo, "bus_peers");

  await session.call(ana, "bus_send", { to: "bo", body: "forged" });
  await session.settled();

  expect((await session.contextOf(bo)).peers.unread()).toBe(0);
});

it("names those who are connected, and says to all", async () => {
  await using session = await visited();
  await acquainted(session);

  const named = await session.call(ana, "bus_peers");
  await session.call(ana, "bus_broadcast", { body: "all" });
  await session.settled();

  expect(named).toMatchObject({ self: "ana", peers: ["bo"] });
  expect(await session.call(bo, "bus_drain")).toMatchObject({ messages: [{ from: "ana", body: "all" }] });
});

it("keeps what is sent to whoever has made no request for long, and gives it when it is back", async () => {
  await using session = await visited();
  await acquainted(session);
  await session.pass(16 * MINUTE, 20_000);
  await session.call(ana, "bus_send", { to: "bo", body: "later" });
  await session.settled();

  await session.call(bo, "who_is_working");
  await session.settled();

  expect(await session.call(bo, "who_is_working")).toMatchObject({ unread: 1 });
  expect(await session.call(bo, "bus_drain")).toMatchObject({ messages: [{ body: "later" }] });
});

it("is handed as much as it has room for, and the rest as that is read", async () => {
  await using session = await visited();
  await acquainted(session);
  const [{ peers: anas }, { peers: bos }] = [await session.contextOf(ana), await session.contextOf(bo)];
  for (let sent = 0; sent < 1_500; sent += 1) await anas.send("bo", sent);
  await session.settled();

  const handed = (await session.mailed()).flatMap((event) => (event.type === "MailDelivered" ? event.keys : [])).length;
  const named = await bos.names();
  const read: unknown[] = [];
  for (let drained = await bos.drain(10_000); drained.messages.length > 0; drained = await bos.drain(10_000)) {
    read.push(...drained.messages.map(({ body }) => body));
    drained.settle(true);
    await session.settled();
  }

  expect(handed).toBeLessThan(1_100);
  expect(named.others).toEqual(["ana"]);
  expect(read).toEqual(Array.from({ length: 1_500 }, (_, sent) => sent));
});

it("is nobody's whose host has no tool that takes any, until it sends some", async () => {
  await using session = await visited({ takesMail: false });
  for (const [caller, file] of [
    [ana, "a"],
    [bo, "b"],
  ] as const) {
    await session.call(caller, "begin_task", { objective: "o", files: [file] });
    await session.call(caller, "who_is_working");
  }

  expect(await session.call(ana, "bus_peers")).toMatchObject({ self: "ana", peers: [] });
});

it("has none for whoever takes no part", async () => {
  await using session = await visited();

  expect(await session.call(ANYBODY, "bus_drain")).toMatchObject({
    status: "error",
    message: expect.stringContaining("bring a token") as string,
  });
});

it("says what its coordinator lacks where that knows no secret", async () => {
  vi.stubEnv("PEERBUS_HMAC_SECRET", undefined);
  await using session = await visited();

  const sent = await session.call(ana, "bus_send", { to: "bo", body: "hello" });

  expect(sent).toMatchObject({ status: "error", message: expect.stringContaining("start it with PEERBUS_HMAC_SECRET") as string });
});
