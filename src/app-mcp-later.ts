/**
 * When MCP over HTTP is put together: with the first request for it. Most sidecars serve bridges alone, and what it stands on takes
 * a fifth of the time in which a sidecar starts, and 6 MB.
 */
import { type Context, Hono } from "hono";
import type { MadeMcp, Mcp } from "./app-mcp.ts";
import { Cleanup } from "./cleanup.ts";
import type { Log } from "./log.ts";
import type { Common } from "./service.ts";

const MCP_PATHS = ["/mcp", "/session/:session/mcp"];
const OTHERS = [
  ...MCP_PATHS.map((path) => `${path}/*`),
  "/.well-known/oauth-protected-resource",
  "/.well-known/oauth-protected-resource/*",
];

/** As JSON-RPC has it. */
const INTERNAL = -32_603;
const UNAVAILABLE = "MCP over HTTP could not be started in this sidecar, and its log says why; ask again later";

/** @param load - puts it together, on what it is given instead of what is common to all: that takes nothing more over by now */
export function serveLater(common: Common, log: Pick<Log, "error">, load: (common: Common) => Promise<MadeMcp>): Mcp {
  const owned = new Cleanup();
  let standing: MadeMcp | undefined;
  let loading: Promise<MadeMcp> | undefined;
  let isOver = false;
  let keys: Parameters<Mcp["renewKeys"]>[0] | undefined;

  common.own({
    async [Symbol.asyncDispose]() {
      isOver = true;
      await loading?.catch(() => undefined);
      await owned[Symbol.asyncDispose]();
    },
  });

  async function begin(): Promise<MadeMcp> {
    const mcp = await load({ ...common, own: (made) => owned.own(made) });
    if (keys !== undefined) mcp.renewKeys(keys);
    standing = mcp;
    return mcp;
  }

  function loaded(): Promise<MadeMcp> {
    if (isOver) return Promise.reject(new Error("the sidecar is stopping"));
    loading ??= begin().catch((cause: unknown) => {
      loading = undefined; // the next request tries again
      throw cause;
    });
    return loading;
  }

  const routes = new Hono();
  const through = (made: MadeMcp, { req, env }: Context): Response | Promise<Response> => made.routes.fetch(req.raw, env as object);
  async function first(context: Context, answer: typeof through): Promise<Response> {
    try {
      return await answer(await loaded(), context);
    } catch (error) {
      log.error({ error: String(error) }, "MCP over HTTP could not be put together");
      return Response.json({ jsonrpc: "2.0", id: null, error: { code: INTERNAL, message: UNAVAILABLE } }, { status: 503 });
    }
  }
  const by = (answer: typeof through) => (context: Context) =>
    standing === undefined ? first(context, answer) : answer(standing, context);
  for (const path of MCP_PATHS)
    routes.all(
      path,
      by((made, context) => made.answer(context)),
    );
  for (const path of OTHERS) routes.all(path, by(through));

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
