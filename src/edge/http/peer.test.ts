import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { type End, isLoopback, ownerOf, peerOf, socketsIn } from "./peer.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:94EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0200007F:C350 0100007F:94EB 01 00000000:00000000 00:00000000 00000000  1001        0 4 1 0 20 4 30 10 -1
   2: 0100007F:C350 0200007F:94EB 01 00000000:00000000 00:00000000 00000000  1002        0 5 1 0 20 4 30 10 -1
   3: 0100007F:C351 0100007F:94EB 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   4: 0100007F:C350 0100007F:94EB 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
   5: 0100007F:94EB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1`;
const TABLE6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:C350 00000000000000000000000001000000:94EB 01 00000000:00000000 00:00000000 00000000  1003        0 6 1 0 20 4 30 10 -1
   1: 0000000000000000FFFF00000200007F:C350 0000000000000000FFFF00000100007F:94EB 01 00000000:00000000 00:00000000 00000000  1004        0 7 1 0 20 4 30 10 -1`;
/** What a machine of the other byte order writes: the words as they go over the wire. */
const BIG = TABLE.replaceAll("0100007F", "7F000001").replaceAll("0200007F", "7F000002");
const BIG6 = TABLE6.replaceAll("01000000", "00000001")
  .replaceAll("FFFF0000", "0000FFFF")
  .replaceAll(/0([12])00007F/g, "7F00000$1");

const ownerIn = (table: string, from: End, to: End, endian: "LE" | "BE") => ownerOf(socketsIn(table), from, to, endian);

const at = (address: string, port = 0xc350) => ({ address, port });
const here = (address: string) => at(address, 0x94eb);

describe("the other end of a connection", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1", 1000],
    ["127.0.0.2", "127.0.0.1", 1001],
    ["127.0.0.1", "127.0.0.2", 1002],
    ["::ffff:127.0.0.2", "::ffff:127.0.0.1", 1001],
    ["127.0.0.3", "127.0.0.1", undefined],
    ["::1", "127.0.0.1", undefined],
    ["fe80::1", "127.0.0.1", undefined],
  ])("from %s to %s is found by both addresses and ports in the kernel's table", (from, to, owner) => {
    expect(ownerIn(TABLE, at(from), here(to), "LE")).toBe(owner);
    expect(ownerIn(BIG, at(from), here(to), "BE")).toBe(owner);
    expect(ownerIn(TABLE, at(from, 0xc352), here(to), "LE")).toBeUndefined();
    expect(ownerIn(TABLE, at(from), at(to, 0x94ec), "LE")).toBeUndefined();
  });

  it.each([
    ["::1", "::1", 1003],
    ["127.0.0.2", "127.0.0.1", 1004],
    ["::ffff:127.0.0.2", "::ffff:127.0.0.1", 1004],
    ["127.0.0.1", "127.0.0.1", undefined],
  ])("from %s to %s is found in the table of IPv6, a mapped address too", (from, to, owner) => {
    expect(ownerIn(TABLE6, at(from), here(to), "LE")).toBe(owner);
    expect(ownerIn(BIG6, at(from), here(to), "BE")).toBe(owner);
  });

  it("is nobody's once its program has closed it, though the kernel lists it as root's", () => {
    expect(ownerIn(TABLE, at("127.0.0.1", 0xc351), here("127.0.0.1"), "LE")).toBeUndefined();
  });

  it.each([
    ["127.0.0.1", true],
    ["127.8.8.8", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["10.0.0.1", false],
    ["::ffff:10.0.0.1", false],
  ])("at %s is this machine: %s", (address, own) => {
    expect(isLoopback(address)).toBe(own);
  });

  it.for([
    { to: "127.0.0.1", listens: "127.0.0.1", from: "127.0.0.1" },
    { to: "127.0.0.1", listens: "127.0.0.1", from: "127.0.0.2" },
    { to: "::1", listens: "::1", from: "::1" },
  ])("is this process's own user for a connection to itself from $from to $to", async ({ to, listens, from }, context) => {
    context.skip(from === "127.0.0.2" && process.platform !== "linux", "one loopback address only");
    const server = createServer().listen(0, listens);
    const isListening = await once(server, "listening").then(
      () => true,
      () => false,
    );
    context.skip(!isListening && listens === "::1", "no IPv6 here");
    const accepted = once(server, "connection");
    const client = connect({ port: (server.address() as AddressInfo).port, host: to, localAddress: from });
    const [socket] = (await accepted) as [ReturnType<typeof connect>];

    const peer = await peerOf(socket);

    expect(peer).toBe(process.platform === "linux" ? "same-user" : "unknown");
    client.destroy();
    socket.destroy();
    server.close();
  });

  it("is nobody's that is known where the system does not list even this end", async () => {
    const loopback = { remoteAddress: "127.0.0.1", remotePort: 1, localAddress: "127.0.0.1", localPort: 2 };

    expect(await peerOf(loopback)).toBe("unknown");
  });

  it("is told to each of many that ask at once", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const sockets: ReturnType<typeof connect>[] = [];
    const peers: Promise<string>[] = [];
    server.on("connection", (socket) => {
      sockets.push(socket);
      peers.push(peerOf(socket));
    });
    for (let number = 0; number < 20; number += 1) {
      const client = connect(port, "127.0.0.1");
      sockets.push(client);
      await once(client, "connect");
    }
    while (peers.length < 20) await new Promise((resolve) => setImmediate(resolve));

    expect(new Set(await Promise.all(peers))).toEqual(new Set([process.platform === "linux" ? "same-user" : "unknown"]));
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it("is another's where the address is not this machine's", async () => {
    expect(await peerOf({ remoteAddress: "10.0.0.1", remotePort: 1, localPort: 2 })).toBe("other-user");
  });
});
