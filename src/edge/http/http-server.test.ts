import { request } from "node:http";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { listen } from "./http-server.ts";

function get(port: number, path: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

it("says in JSON that an address cannot be read, as everything else that it refuses", async () => {
  await using server = await listen({
    host: "127.0.0.1",
    port: 0,
    allowedOrigins: [],
    routes: new Hono().all("*", (context) => context.json({})),
    upgrade: () => ({ status: 404, why: "" }),
  });

  const { status, text } = await get(server.port, "/api/bus/lanes/a\\b/claim");

  expect([status, JSON.parse(text)]).toEqual([400, { detail: expect.stringMatching(/percent-encode .*%5C/) as string }]);
});
