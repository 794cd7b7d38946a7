/**
 * When MCP over HTTP is put together: with the first request for it. Most sidecars serve bridges alone, and what it stands on takes
 * a fifth of the time in which a sidecar starts, and 6 MB.
 */
import { type Context, Hono } from "hono";
import type { Mcp } from "./app-mcp.ts";
import { Cleanup } from "./cleanup.ts";
import type { Log } from "./log.ts";
import type { Common } from "./service.ts";

const PATHS = ["/mcp", "/session/:session/mcp", "/.well-known/oauth-protected-resource"].flatMap((path) => [path, `${path}/*`]);

/** As JSON-RPC has it. */
const INTERNAL = -32_603;
const UNAVAILABLE = "MCP over HTTP could not be started in this sidecar, and its log says why; ask again later";

/** @param load - puts it together, on what it is given instead of what is common to all: that takes nothing more over by now */
export function serveLater(common: Common, log: Pick<Log, "error">, load: (common: Common) => Promise<Mcp>): Mcp {
  const owned = new Cleanup();
  let standing: Mcp | undefined;
  let loading: Promise<Mcp> | undefined;
  let isOver = false;
  let keys: Parameters<Mcp["renewKeys"]>[0] | undefined;

  common.own({
    async [Symbol.asyncDispose]() {
      isOver = true;
      await loading?.catch(() => undefined);
      await owned[Symbol.asyncDispose]();
    },
  });

  async function begin(): Promise<Mcp> {
    const mcp = await load({ ...common, own: (made) => owned.own(made) });
    if (keys !== undefined) mcp.renewKeys(keys);
    standing = mcp;
    return mcp;
  }

  function loaded(): Promise<Mcp> {
    if (isOver) return Promise.reject(new Error("the sidecar is stopping"));
    loading ??= begin().catch((cause: unknown) => {
      loading = undefined; // the next request tries again
      throw cause;
    });
    return loading;
  }

  const routes = new Hono();
  async function answer({ req, env }: Context): Promise<Response> {
    try {
      return await (standing ?? (await loaded())).routes.fetch(req.raw, env as object);
    } catch (error) {
      log.error({ error: String(error) }, "MCP over HTTP could not be put together");
      return Response.json({ jsonrpc: "2.0", id: null, error: { code: INTERNAL, message: UNAVAILABLE } }, { status: 503 });
    }
  }
  for (const path of PATHS) routes.all(path, answer);

  return {
    routes,
    isBusy: () => standing?.isBusy() ?? false,
    dismiss: () => standing?.dismiss() ?? 0,
    async hold() {
      await standing?.hold();
    },
    renewKeys(table) {
      keys = table;
      standing?.renewKeys(table);
    },
  };
}
