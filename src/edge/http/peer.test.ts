import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { isLoopback, ownerIn, peerOf } from "./peer.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:94EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:C350 0100007F:94EB 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
   2: 0100007F:94EB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1`;

describe("the other end of a connection", () => {
  it("is found by both ports in the kernel's table", () => {
    expect(ownerIn(TABLE, 0xc350, 0x94eb)).toBe(1000);
    expect(ownerIn(TABLE, 0xc351, 0x94eb)).toBeUndefined();
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

  it("is this process's own user for a connection to itself", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [socket] = (await accepted) as [ReturnType<typeof connect>];

    const peer = await peerOf(socket);

    expect(peer).toBe(process.platform === "linux" ? "same-user" : "unknown");
    client.destroy();
    socket.destroy();
    server.close();
  });

  it("is another's where the address is not this machine's", async () => {
    expect(await peerOf({ remoteAddress: "10.0.0.1", remotePort: 1, localPort: 2 })).toBe("other-user");
  });
});
