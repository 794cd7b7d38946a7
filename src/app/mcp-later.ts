/**
 * When MCP over HTTP is put together: with the first request for it. Most sidecars serve bridges alone, and what it stands on takes
 * a fifth of the time in which a sidecar starts, and 6 MB.
 */
import { type Context, Hono } from "hono";
import type { MadeMcp, Mcp } from "./mcp.ts";
import { Cleanup } from "./cleanup.ts";
import { CODE, refusal } from "../edge/mcp/errors.ts";
import { endedBy } from "../edge/mcp/stays.ts";
import { MCP_PATHS } from "../edge/mcp/paths.ts";
import type { Log } from "../log.ts";
import type { Common } from "./service.ts";

const OTHERS = [
  ...MCP_PATHS.map((path) => `${path}/*`),
  "/.well-known/oauth-protected-resource",
  "/.well-known/oauth-protected-resource/*",
];

const UNAVAILABLE = "MCP over HTTP could not be started in this sidecar, and its log says why; ask again later";

/** When a client may ask again for which it could not be started, in seconds. */
const RETRY_SEC = 5;

/** @param load - puts it together, on what it is given instead of what is common to all: that takes nothing more over by now */
export function serveLater(common: Common, log: Pick<Log, "error">, load: (common: Common) => Promise<MadeMcp>): Mcp {
  const owned = new Cleanup();
  let standing: MadeMcp | undefined;
  let loading: Promise<MadeMcp> | undefined;
  /** Nothing is put together any more. */
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
    loading ??= begin().catch((cause: unknown) => {
      loading = undefined; // the next request tries again
      throw cause;
    });
    return loading;
  }

  const routes = new Hono();
  const through = (made: MadeMcp, { req, env }: Context): Response | Promise<Response> => made.routes.fetch(req.raw, env as object);
  async function first(context: Context, answer: typeof through): Promise<Response> {
    if (isOver && loading === undefined) return endedBy("handover");
    try {
      return await answer(await loaded(), context);
    } catch (error) {
      log.error({ error: String(error) }, "MCP over HTTP could not be put together");
      return refusal(503, CODE.internal, UNAVAILABLE, { headers: { "retry-after": String(RETRY_SEC) } });
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
      isOver = true;
      await loading?.catch(() => undefined); // what it stands on is there as long
      await standing?.hold();
    },
    renewKeys(table) {
      keys = table;
      standing?.renewKeys(table);
    },
  };
}
