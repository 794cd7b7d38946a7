import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { Health } from "../wire/health.ts";
import { askHealth, authority } from "./health.ts";

const healthy: Health = {
  status: "ok",
  store_id: "0b1e7a52-6d8f-4c0a-9a53-1c7f2f6c9a10",
  workspace: "/w",
  session_id: "s",
  version: "0.1.0",
  control: 1,
  format: 1,
  pid: 7,
  boot_id: "b",
  uri: "ws://127.0.0.1:1/",
  clients: 0,
  durability: "disk",
};

async function answering(listener: RequestListener): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the health of an address", () => {
  it.each([
    { name: "well", status: 200, body: healthy },
    { name: "ill, with a status of 503", status: 503, body: { ...healthy, status: "unavailable" as const } },
  ])("is read from the body of a sidecar that is $name", async ({ status, body }) => {
    await using server = await answering((request, response) =>
      response.writeHead(request.url === "/healthz" ? status : 404).end(JSON.stringify(body)),
    );

    expect(await askHealth("127.0.0.1", server.port)).toEqual(body);
  });

  it.each([
    { name: "a stranger's page", body: "<html>hello</html>" },
    { name: "a stranger's JSON", body: '{"status":"ok"}' },
    { name: "a body without end", body: JSON.stringify({ ...healthy, padding: "x".repeat(70_000) }) },
  ])("is nothing for $name", async ({ body }) => {
    await using server = await answering((_request, response) => response.end(body));

    expect(await askHealth("127.0.0.1", server.port)).toBeUndefined();
  });

  it("is nothing where nobody answers in time, nobody listens, or the asker stops", async () => {
    await using silent = await answering(() => undefined);
    const stop = new AbortController();
    stop.abort();

    expect(await askHealth("127.0.0.1", silent.port, { limitMs: 5 })).toBeUndefined();
    expect(await askHealth("127.0.0.1", silent.port, { signal: stop.signal })).toBeUndefined();
    expect(await askHealth("127.0.0.1", 9)).toBeUndefined();
  });
});

it("writes an address as URLs do", () => {
  expect([authority("127.0.0.1", 80), authority("::1", 80), authority("[::1]", 80)]).toEqual(["127.0.0.1:80", "[::1]:80", "[::1]:80"]);
});
