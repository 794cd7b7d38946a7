/**
 * What operators and bridges ask a sidecar: is it the right one, can it write, and would it please stop or make room.
 *
 * Health turns red (503, same body) when the log takes no records. Whoever looks for a sidecar reads the body, and brings the
 * token of the discovery file.
 */
import { type Context, Hono } from "hono";
import { HandoverRequest } from "../../wire/handover.ts";
import type { Health } from "../../wire/health.ts";
import { isBearer } from "../http/bearer.ts";
import { createHandover } from "./handover.ts";

export interface OpsOptions {
  readonly health: () => Promise<Health>;
  readonly token: string;
  /** Whether strangers reach it: they hear whether it can write, and nothing of the machine that it runs on. */
  readonly isPublic?: boolean;
  /** Begins to stop; the answer has been sent by then. */
  readonly stop: (reason: string) => void;
  /** Settles what is queued and closes the log; resolves when a successor may open it. */
  readonly letGo: () => Promise<void>;
}

export function opsRoutes({ health, token, isPublic = false, stop, letGo }: OpsOptions): Hono {
  const routes = new Hono();
  const handOver = createHandover(letGo);
  routes.get("/healthz", async (context) => {
    const body = await health();
    const status = body.status === "ok" ? 200 : 503;
    if (!isPublic || isBearer(context.req.header("authorization"), token)) return context.json(body, status);
    return context.json({ status: body.status, version: body.version, control: body.control, durability: body.durability }, status);
  });
  routes.get("/readyz", async (context) => {
    const body = await health();
    return context.json({ status: body.status, durability: body.durability }, body.status === "ok" ? 200 : 503);
  });
  routes.use("/control/*", async (context, next) => {
    if (!isBearer(context.req.header("authorization"), token)) return unknownBearer(context);
    return next();
  });
  routes.post("/control/stop", (context) => {
    setImmediate(stop, "asked to stop");
    return context.json({ status: "stopping" }, 202);
  });
  routes.post("/control/handover", async (context) => {
    const successor = HandoverRequest.safeParse(await context.req.json().catch(() => undefined));
    if (!successor.success) return context.json({ detail: "the body is {control, format, version, pid?}" }, 400);
    const reason = `handed over to release ${successor.data.version}`;
    try {
      const outcome = await handOver(successor.data);
      if ("refused" in outcome) return context.json({ detail: outcome.refused }, 409);
      setImmediate(stop, reason);
      return context.json(outcome.handedOver, 200);
    } catch (fault) {
      setImmediate(stop, reason); // nothing is taken any more: only its end helps those who wait
      throw fault;
    }
  });
  routes.notFound((context) => context.json({ detail: `there is nothing at ${context.req.path}` }, 404));
  routes.onError((error, context) => context.json({ detail: error.message }, 500));
  return routes;
}

function unknownBearer(context: Context): Response {
  const detail = "this needs the token of the discovery file; use «signalbox stop»";
  return context.json({ detail }, 401, { "www-authenticate": "Bearer" });
}
