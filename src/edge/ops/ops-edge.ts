/**
 * What operators and bridges ask a sidecar: is it the right one, can it write, and would it please stop.
 *
 * Health turns red (503, same body) when the log takes no records. Whoever looks for a sidecar reads the body.
 */
import { timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import type { Health } from "../../wire/health.ts";

export interface OpsOptions {
  readonly health: () => Promise<Health>;
  readonly token: string;
  /** Begins to stop; the answer has been sent by then. */
  readonly stop: () => void;
}

export function opsRoutes({ health, token, stop }: OpsOptions): Hono {
  const routes = new Hono();
  routes.get("/healthz", async (context) => {
    const body = await health();
    return context.json(body, body.status === "ok" ? 200 : 503);
  });
  routes.get("/readyz", async (context) => {
    const body = await health();
    return context.json({ status: body.status, durability: body.durability }, body.status === "ok" ? 200 : 503);
  });
  routes.post("/control/stop", (context) => {
    if (!isBearer(context.req.header("authorization"), token)) {
      return context.json({ detail: "this needs the token of the discovery file; use «signalbox stop»" }, 401, {
        "www-authenticate": "Bearer",
      });
    }
    setImmediate(stop);
    return context.json({ status: "stopping" }, 202);
  });
  routes.notFound((context) => context.json({ detail: `there is nothing at ${context.req.path}` }, 404));
  routes.onError((error, context) => context.json({ detail: error.message }, 500));
  return routes;
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
