/**
 * `POST /hook/pre-tool-use`: a coding client asks, before its own tools change a file, whether it may.
 *
 * 204 lets the edit pass, 200 carries the document that denies it, for the client to read. Everything else means that the
 * question was not answered; what an edit does then is for the guard that asked.
 */
import { isAbsolute, resolve } from "node:path";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { isBearer } from "../http/bearer.ts";
import { PreToolUse } from "../../wire/hook.ts";
import type { Program } from "./agent.ts";
import { denial, editedFile } from "./claude.ts";
import type { Guard } from "./guard.ts";

/** Longest hook that is read, in bytes: it brings the whole text of a file that is written. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** The conversation of `init` and `doctor`, whose hooks say nothing of whether a client's fire. */
const CANARY = "signalbox-canary";

export interface HookOptions {
  readonly guard: Pick<Guard, "judge">;
  readonly token: string;
  /** The program of this id and those that started it, nearest first. */
  readonly hostsAbove: (pid: number) => readonly Program[];
  readonly nowMs: () => number;
  readonly onActivity: () => void;
}

export function hookRoutes({ guard, token, hostsAbove, nowMs, onActivity }: HookOptions): Hono {
  const routes = new Hono();
  let count = 0;
  let lastAtMs: number | undefined;

  routes.use("/hook/*", async (context, next) => {
    if (isBearer(context.req.header("authorization"), token)) return next();
    return context.json({ detail: "this needs the token of the discovery file; run `signalbox init` again" }, 401, {
      "www-authenticate": "Bearer",
    });
  });
  routes.use(
    "/hook/*",
    bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => context.json({ detail: "the hook is too long" }, 413) }),
  );
  routes.post("/hook/pre-tool-use", async (context) => {
    onActivity();
    const hook = PreToolUse.safeParse(await context.req.json().catch(() => undefined));
    if (!hook.success) return context.json({ detail: "the body is the JSON of a PreToolUse hook" }, 400);
    if (hook.data.session_id !== CANARY) {
      count += 1;
      lastAtMs = nowMs();
    }
    const file = editedFile(hook.data);
    if (file === undefined) return context.body(null, 204);
    const pid = Number(context.req.header("x-signalbox-pid"));
    const verdict = await guard.judge({
      file: absolute(file, hook.data.cwd),
      hosts: Number.isSafeInteger(pid) && pid > 0 ? hostsAbove(pid) : [],
      conversation: hook.data.session_id,
    });
    if ("unanswered" in verdict) return context.json({ detail: verdict.unanswered }, 503);
    return "denied" in verdict ? context.json(denial(verdict.denied)) : context.body(null, 204);
  });
  // Behind the token, as everything under /control.
  routes.get("/control/status", (context) => {
    const last_at = lastAtMs === undefined ? null : new Date(lastAtMs).toISOString();
    return context.json({ hooks: { count, last_at } });
  });
  return routes;
}

/** A client may name a file relative to the folder that it works in. */
function absolute(file: string, cwd: string | undefined): string {
  return isAbsolute(file) || cwd === undefined ? file : resolve(cwd, file);
}
