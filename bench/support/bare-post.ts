/**
 * The limit of everything that answers a POST: Hono on the same server as the program's own, which reads a body and answers with
 * bytes that it was told by a PUT. A GET opens a stream of events that says one thing and stays open.
 *
 * Prints its port, and ends with its stdin.
 */
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

let answer = "";
const app = new Hono()
  .put("/", async (context) => {
    answer = await context.req.text();
    return context.body(null, 204);
  })
  .post("/", async (context) => {
    await context.req.text();
    return context.body(answer, 200, { "content-type": "application/json" });
  })
  .get("/", () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`data: ${answer}\n\n`));
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  });
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }: AddressInfo) => process.stdout.write(`${port}\n`));
server.on("error", (error: Error) => process.stderr.write(`${error.message}\n`));
process.stdin.on("end", () => process.exit()).resume();
