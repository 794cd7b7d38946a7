import { once } from "node:events";
import { type OutgoingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
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

describe("a connection that sends requests ahead of their answers", () => {
  /** Sends so many at once, and gives how many were begun and answered by its end, which comes with the last of them. */
  async function sendAhead(requests: number): Promise<{ begun: number; answered: number }> {
    let begun = 0;
    const routes = new Hono().all("*", (context) => {
      begun += 1;
      return context.json({});
    });
    await using server = await listen({
      host: "127.0.0.1",
      port: 0,
      allowedOrigins: [],
      routes,
      upgrade: () => ({ status: 404, why: "" }),
    });
    const socket = connect(server.port, "127.0.0.1");
    const line = (end: string) => `GET / HTTP/1.1\r\nHost: localhost\r\n${end}\r\n`;
    socket.write(line("").repeat(requests - 1) + line("Connection: close\r\n"));
    let text = "";
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.on("error", () => undefined);
    await once(socket, "close");
    return { begun, answered: text.split("HTTP/1.1 200").length - 1 };
  }

  it("has them all answered while they are few", async () => {
    expect(await sendAhead(65)).toEqual({ begun: 65, answered: 65 });
  });

  it("is cut when they are many, and no more of them is begun", async () => {
    expect((await sendAhead(1_000)).begun).toBeLessThanOrEqual(65);
  });
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

describe("a request that offers to go on in another protocol", () => {
  const echo = new Hono().all("*", async ({ req, json }) => json([req.method, req.path, await req.text(), req.header()]));

  it("is answered in its own, with the body that comes behind it, and so are those after it", async () => {
    await using server = await listen({
      host: "127.0.0.1",
      port: 0,
      allowedOrigins: [],
      routes: echo,
      upgrade: () => ({ status: 404, why: "" }),
    });
    const socket = connect(server.port, "127.0.0.1");
    let said = "";
    socket.on("data", (data) => (said += String(data)));
    const offer = "connection: Upgrade, HTTP2-Settings, keep-alive\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAB\r\n";
    const asked = (path: string, body: string) =>
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n${offer}x-name: \u00fc\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

    socket.write(Buffer.from(asked("/a?b", "first").slice(0, -2), "latin1"));
    await expect.poll(() => said).toBe("");
    socket.write("st");
    await expect.poll(() => said).toContain('["POST","/a","first",');
    socket.write(Buffer.from(asked("/c", "second"), "latin1"));
    await expect.poll(() => said).toContain('["POST","/c","second",');
    socket.destroy();

    expect(said.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(said.match(/"x-name":"\u00fc"/g)).toHaveLength(2);
    expect(said).not.toMatch(/"upgrade"|"http2-settings"|close/);
  });

  it("is refused like any other where its page may not come in", async () => {
    await using server = await serve();

    const { status } = await get(server.port, "/", { connection: "Upgrade", upgrade: "h2c", origin: "https://example.com" });

    expect(status).toBe(403);
  });
});
