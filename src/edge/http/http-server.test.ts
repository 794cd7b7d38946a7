import { once } from "node:events";
import { type OutgoingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { listen } from "./http-server.ts";

function get(
  port: number,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

const serve = () =>
  listen({
    host: "127.0.0.1",
    port: 0,
    allowedOrigins: [],
    routes: new Hono().all("*", (context) => context.json({})),
    upgrade: () => ({ status: 404, why: "" }),
  });

it("says in JSON that an address cannot be read, as everything else that it refuses", async () => {
  await using server = await serve();

  const { status, text } = await get(server.port, "/api/bus/lanes/a\\b/claim");

  expect([status, JSON.parse(text)]).toEqual([400, { detail: expect.stringMatching(/percent-encode .*%5C/) as string }]);
});

it("reads no more than 16 KiB of headers, and goes on with the next request", async () => {
  await using server = await serve();
  const bearing = (bytes: number) => get(server.port, "/mcp", { "x-long": "x".repeat(bytes) });

  const statuses = [await bearing(15 * 1024), await bearing(17 * 1024), await bearing(0)].map(({ status }) => status);

  expect(statuses).toEqual([200, 431, 200]);
});

it("tells a request that waits behind another on its connection when that connection is gone", async () => {
  const gone: string[] = [];
  const routes = new Hono().all("*", ({ req }) => {
    req.raw.signal.addEventListener("abort", () => gone.push(req.path));
    return new Promise<Response>(() => undefined);
  });
  await using server = await listen({ host: "127.0.0.1", port: 0, allowedOrigins: [], routes, upgrade: () => ({ status: 404, why: "" }) });
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  const paths = ["/first", "/second", "/third"];

  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n\r\n`).join(""), () => socket.destroy());

  await expect.poll(() => gone.toSorted()).toEqual(paths);
});
