/**
 * Where a sidecar listens: on the port that its clients look for, where it can be had, and beside TLS once more for this machine's
 * own user.
 */
import { setTimeout as pause } from "node:timers/promises";
import getPort from "get-port";
import type { Hono } from "hono";
import type { ServiceConfig } from "../config/service.ts";
import { listen } from "../edge/http/http-server.ts";
import { errnoOf } from "../git/errno.ts";

/** How long a successor waits for the port of the sidecar that it follows, in milliseconds: that one is ending. */
const PORT_MS = 2_000;
const PORT_LOOK_MS = 10;

/** The port that was asked for is taken by somebody else. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";
  readonly code = "sidecar/port-taken";

  constructor(port: number, cause: unknown) {
    super(`port ${port} is taken by another program; choose another with --port or MPAC_SIDECAR_PORT, or leave both out`, { cause });
  }
}

/**
 * The port that was asked for, else that of the sidecar before this one, else the workspace's own, else any: of 2,000 ports
 * in the ephemeral range one is often taken.
 */
export async function listenNear<Listener>(
  config: Pick<ServiceConfig, "port" | "host">,
  { derived, followed }: { readonly derived: number; readonly followed: number | undefined },
  listenOn: (port: number) => Promise<Listener>,
): Promise<Listener> {
  const wanted = config.port ?? followed ?? derived;
  const givesUpAtMs = performance.now() + (followed === undefined ? 0 : PORT_MS);
  for (;;) {
    try {
      return await listenOn(wanted);
    } catch (error) {
      if (!["EADDRINUSE", "EACCES"].includes(errnoOf(error))) throw error;
      if (performance.now() >= givesUpAtMs) {
        if (config.port !== undefined) throw new PortTaken(config.port, error);
        return listenOn(await getPort({ host: config.host }));
      }
    }
    await pause(PORT_LOOK_MS);
  }
}

/**
 * Where this machine's own user asks a sidecar that speaks TLS: its certificate is for the name that people elsewhere know, and
 * the commands that read the discovery file would have to trust it under another.
 */
export async function openDesk(routes: Hono): Promise<AsyncDisposable & { readonly host: string; readonly port: number }> {
  const host = "127.0.0.1";
  const upgrade = () => ({ status: 404 as const, why: "sessions are at the address that speaks TLS" });
  const listener = await listen({ host, port: 0, allowedOrigins: [], routes, upgrade });
  return { host, port: listener.port, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}
