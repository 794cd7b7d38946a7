import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { memoryStore } from "../../store/memory.ts";
import { MAX_PEER_FRAME_BYTES } from "../../wire/peer/frames.ts";
import { letter, OTHER_TOKEN, serveBus, TOKEN } from "./peer.test.fixture.ts";

const frame = { protocol_version: "v1", type: "register", token: TOKEN, name: "ana" };

/** Of so many bytes. */
const padded = (bytes: number): string => {
  const text = JSON.stringify({ ...frame, more: "" });
  return text.replace('"more":""', `"more":"${"x".repeat(bytes - text.length)}"`);
};

describe("a first frame that is turned away", () => {
  it.each<{ name: string; sends: object | string; code: number; reason: string }>([
    { name: "binary", sends: Buffer.from(JSON.stringify(frame)), code: 1003, reason: "handshake must be text" },
    { name: "not JSON", sends: "register", code: 1007, reason: "malformed handshake" },
    { name: "a list", sends: "[]", code: 1007, reason: "malformed handshake" },
    { name: "two objects", sends: "{}{}", code: 1007, reason: "malformed handshake" },
    { name: "with a number for its name", sends: { ...frame, name: 7 }, code: 1007, reason: "malformed handshake" },
    { name: "with an object for its type", sends: { ...frame, type: {} }, code: 1007, reason: "malformed handshake" },
    { name: "null", sends: "null", code: 1008, reason: "first frame must be register" },
    { name: "empty", sends: "{}", code: 1008, reason: "first frame must be register" },
    { name: "of another type, however wrong it is besides", sends: { type: "peers" }, code: 1008, reason: "first frame must be register" },
    { name: "of a type in capitals", sends: { ...frame, type: "REGISTER" }, code: 1008, reason: "first frame must be register" },
    { name: "without a version", sends: { type: "register" }, code: 1008, reason: "unsupported protocol version" },
    { name: "of version V1", sends: { ...frame, protocol_version: "V1", name: "" }, code: 1008, reason: "unsupported protocol version" },
    { name: "of version null", sends: { ...frame, protocol_version: null }, code: 1008, reason: "unsupported protocol version" },
    { name: "without a name", sends: { protocol_version: "v1", type: "register", token: "no" }, code: 1008, reason: "empty peer name" },
    { name: "with null for its name", sends: { ...frame, name: null }, code: 1008, reason: "empty peer name" },
    { name: "without a token", sends: { ...frame, token: "" }, code: 1008, reason: "invalid bearer token" },
    { name: "with an unknown token", sends: { ...frame, token: "token-on" }, code: 1008, reason: "invalid bearer token" },
    { name: "with a name of a page", sends: { ...frame, name: "n".repeat(1_025) }, code: 1008, reason: "peer name longer than 1024 bytes" },
    { name: "too long", sends: padded(MAX_PEER_FRAME_BYTES + 1), code: 1009, reason: "read limited at 1048577 bytes" },
  ])("$name: $code $reason", async ({ sends, code, reason }) => {
    await using bus = await serveBus();
    const peer = await bus.dial();

    if (Buffer.isBuffer(sends)) peer.socket.send(sends);
    else peer.send(sends);

    expect(await peer.closed).toEqual({ code, reason });
  });
});

describe("a first frame that is taken", () => {
  it.each([
    { name: "as it is written", sends: JSON.stringify(frame) },
    { name: "with names in other letters", sends: JSON.stringify({ Protocol_Version: "v1", TYPE: "register", Token: TOKEN, nAmE: "ana" }) },
    { name: "with a member twice, of which the last counts", sends: JSON.stringify(frame).replace('"name"', '"name":"bo","name"') },
    { name: "with a member that null leaves as it was", sends: JSON.stringify(frame).replace("}", ',"name":null}') },
    { name: "with members of others", sends: JSON.stringify({ ...frame, secret: [1] }) },
    { name: "in white space", sends: ` \n${JSON.stringify(frame, undefined, 2)}\t` },
    { name: "of the last byte", sends: padded(MAX_PEER_FRAME_BYTES) },
  ])("$name", async ({ sends }) => {
    await using bus = await serveBus();
    const peer = await bus.dial();

    peer.send(sends);

    expect(await peer.texts(1)).toEqual(['{"protocol_version":"v1","type":"peers","names":["ana"]}']);
  });
});

it("speaks no subprotocol and compresses nothing, whatever is offered", async () => {
  await using bus = await serveBus();

  const { socket } = await bus.dial({ protocols: ["peerbus", "v1"] }).catch((error: unknown) => ({ socket: error }));

  // A client that offers some and is given none breaks off by RFC 6455; the handshake itself has told it so.
  expect(String(socket)).toContain("Server sent no subprotocol");
  expect((await bus.dial()).socket.extensions).toBe("");
});

it("turns a page of elsewhere away before it upgrades", async () => {
  await using bus = await serveBus();
  const socket = new WebSocket(`ws://127.0.0.1:${bus.port}/peer`, { headers: { origin: "http://elsewhere.example" } });

  const error = await new Promise<Error>((resolve) => socket.once("error", resolve));

  expect(error.message).toBe("Unexpected server response: 403");
});

it("refuses a name that lives under another token, with its holder none the wiser", async () => {
  await using bus = await serveBus();
  const ana = await bus.join("ana");
  const other = await bus.dial();

  other.send({ ...frame, token: OTHER_TOKEN });

  expect(await other.closed).toEqual({ code: 1008, reason: "name claimed under a different token" });
  expect(await ana.sofar()).toEqual([]);
});

it("refuses it while its holder is away too, and in the next life; and gives it away when its token is given out no more", async () => {
  await using bus = await serveBus();
  const claim = async () => {
    const other = await bus.dial();
    other.send({ ...frame, token: OTHER_TOKEN });
    return Promise.race([other.closed.then(({ reason }) => reason), other.next().then(({ type }) => type)]);
  };
  (await bus.join("ana")).socket.terminate();

  const away = await claim();
  await bus.restart();
  const later = await claim();
  await bus.restart([OTHER_TOKEN]);
  const revoked = await claim();

  const claimed = "name claimed under a different token";
  expect([away, later, revoked]).toEqual([claimed, claimed, "peers"]);
});

it("gives a name to a new connection with its token, and drops the old one without a word", async () => {
  await using bus = await serveBus();
  const bo = await bus.join("bo");
  const first = await bus.join("ana");

  const second = await bus.join("ana");

  expect(await first.closed).toEqual({ code: 1006, reason: "" });
  expect(await second.sofar()).toEqual([]);
  bo.send(letter("bo", "ana", "to the second"));
  expect(await second.next()).toMatchObject({ envelope: { body: "to the second" } });
  bo.send({ type: "peers" });
  expect(await bo.next()).toMatchObject({ names: ["ana", "bo"] });
});

it("reads what stands behind the first frame as of a registered peer", async () => {
  await using bus = await serveBus();
  const peer = await bus.dial();

  peer.send(frame);
  peer.send({ type: "peers" });
  peer.send({ ...frame, name: "bo" });
  peer.send({ protocol_version: "v0", type: "peers", names: null });

  const expected = '{"protocol_version":"v1","type":"peers","names":["ana"]}';
  expect(await peer.texts(3)).toEqual([expected, expected, expected]);
});

it("sends away whose token is given out no more, and nobody else", async () => {
  const given = [TOKEN, OTHER_TOKEN];
  await using bus = await serveBus(memoryStore(), given);
  const [ana, bo, stranger] = [await bus.join("ana"), await bus.join("bo", OTHER_TOKEN), await bus.dial()];

  given.pop();
  const dismissed = bus.dismiss();

  expect(dismissed).toBe(1);
  expect(await bo.closed).toEqual({ code: 1008, reason: "invalid bearer token" });
  expect([await ana.sofar(), stranger.socket.readyState]).toEqual([[], WebSocket.OPEN]);
});

it("waits for no stranger's first frame for ever where it is told so, and for whoever has registered as long as it likes", async () => {
  await using bus = await serveBus(memoryStore(), [TOKEN], 2_000);
  const ana = await bus.join("ana");
  const stranger = await bus.dial();

  expect(await stranger.closed).toEqual({ code: 1002, reason: "no handshake frame" });
  expect(await ana.sofar()).toEqual([]);
});

it("says farewell to everybody when it ends", async () => {
  const bus = await serveBus();
  const ana = await bus.join("ana");
  const stranger = await bus.dial();

  await bus.stop();

  expect([await ana.closed, await stranger.closed]).toEqual([
    { code: 1001, reason: "server shutting down" },
    { code: 1001, reason: "server shutting down" },
  ]);
  await bus[Symbol.asyncDispose]();
});

it("upgrades nothing that is no GET", async () => {
  await using bus = await serveBus();
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };

  const status = await new Promise((resolve) => {
    request({ port: bus.port, host: "127.0.0.1", path: "/peer", method: "POST", headers }, (answer) => resolve(answer.statusCode)).end();
  });

  expect(status).toBe(405);
});
