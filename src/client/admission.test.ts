import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { SidecarUnavailable } from "./faults.ts";
import { scriptedSidecar } from "./scripted-sidecar.test.fixture.ts";
import { createSessionClient, type SessionClientOptions } from "./session-client.ts";

function ana(options: Pick<SessionClientOptions, "locate"> & Partial<SessionClientOptions>) {
  return createSessionClient({
    principalId: "ana",
    control: 1,
    ...options,
    limits: { firstDelayMs: 1, mostDelayMs: 2, ...options.limits },
  });
}

describe("a client that knows a token", () => {
  it("shows it in the opening request and in HELLO, and one that knows none shows nothing", async () => {
    await using sidecar = await scriptedSidecar();
    await using known = ana({ locate: () => Promise.resolve({ uri: sidecar.uri, token: "hush" }) });
    await using unknown = ana({ locate: sidecar.locate, principalId: "bo" });

    await known.join();
    await unknown.join();

    expect(sidecar.requests.map(({ headers }) => headers["authorization"])).toEqual(["Bearer hush", undefined]);
    const hellos = sidecar.heard.filter(({ type }) => type === "HELLO");
    expect(hellos.map(({ payload }) => payload["credential"])).toEqual([{ type: "bearer_token", value: "hush" }, undefined]);
  });

  it("looks for another one when it is refused: a sidecar that has just started leaves its own a moment later", async () => {
    await using sidecar = await scriptedSidecar({ admits: false });
    const tokens = ["old", "new"];
    await using client = ana({ locate: () => Promise.resolve({ uri: sidecar.uri, token: tokens.shift() }) });

    const joining = client.join();
    sidecar.refuse(await sidecar.next("HELLO"), "session/credential-rejected", {}, "CREDENTIAL_REJECTED");
    sidecar.admit(await sidecar.next("HELLO"));

    expect(await joining).toMatchObject({ principalId: "ana" });
    expect(sidecar.heard.map(({ payload }) => payload["credential"])).toMatchObject([{ value: "old" }, { value: "new" }]);
  });
});

describe("a coordinator that cannot be joined", () => {
  it("is told apart from a Signalbox by what it does not say, and left at once", async () => {
    await using sidecar = await scriptedSidecar({ info: { extensions: undefined } });
    await using client = ana({ locate: sidecar.locate });

    const fault = await client.join().catch((cause: unknown) => cause as SidecarUnavailable);

    expect(fault).toMatchObject({
      code: "connection/stranger",
      message: expect.stringMatching(/is not a Signalbox coordinator/) as string,
    });
    expect(sidecar.heard).toHaveLength(1);
  });

  it("is left at once when it has no such session", async () => {
    await using sidecar = await scriptedSidecar({ admits: false });
    await using client = ana({ locate: sidecar.locate });

    const joining = client.join().catch((cause: unknown) => cause as SidecarUnavailable);
    (await sidecar.next("HELLO")).socket.close(4004, "no session of that name");

    expect(await joining).toMatchObject({
      code: "connection/closed",
      message: expect.stringMatching(/4004, no session of that name/) as string,
    });
  });

  it.each([
    {
      name: "a sentence of ours",
      body: '{"detail":"the Host header names another machine"}',
      says: /status 403 .*\(the Host header names another/,
    },
    { name: "a page for people", body: "<html><body>Forbidden</body></html>", says: /status 403 and opens no WebSocket\)/ },
    { name: "a sentence without end", body: `{"detail":"${"x".repeat(5_000)}"}`, says: /status 403 and opens no WebSocket\)/ },
  ])("is quoted when it opens no WebSocket: $name", async ({ body, says }) => {
    const server = createServer();
    server.on("upgrade", (_request, socket) => socket.end(`HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n${body}`));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const uri = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using client = ana({ locate: () => Promise.resolve({ uri }), limits: { reachMs: 1 } });

    const fault = await client.join().catch((cause: unknown) => cause as SidecarUnavailable);
    await new Promise((resolve) => server.close(resolve));

    expect(fault).toMatchObject({ message: expect.stringMatching(says) as string });
  });

  it("is explained in the words of the place", async () => {
    await using client = ana({
      locate: () => Promise.resolve({ uri: "ws://127.0.0.1:9/" }),
      explain: (cause) => new Error("the hub is down", { cause }),
      limits: { reachMs: 1 },
    });

    await expect(client.join()).rejects.toThrow(/the hub is down/);
  });

  it("is waited for by the first caller, and tried once by whoever calls right after", async () => {
    let asked = 0;
    const locate = () => {
      asked += 1;
      return Promise.resolve({ uri: "ws://127.0.0.1:9/" });
    };
    await using client = ana({ locate, limits: { reachMs: 50 } });
    await client.join().catch(() => undefined);
    const before = asked;

    await client.join().catch(() => undefined);

    expect(before).toBeGreaterThan(1);
    expect(asked).toBe(before + 1);
  });
});
