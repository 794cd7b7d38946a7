/**
 * `/mcp/docs.json` and `/mcp/docs`: what is served over MCP, for programs and for people, without a credential. It says nothing
 * of any session, so that it is the same whether one is there or not.
 */
import { type Context, Hono } from "hono";
import type { Log } from "../../../log.ts";
import { htmlPage, PAGE_POLICY } from "./page.ts";
import { reference, referenceBlocks } from "./reference.ts";
import { baseOf } from "../metadata.ts";

export interface DocsOptions {
  /** By which address the public knows the root of this server. */
  readonly publicUrl?: string | undefined;
  readonly log: Pick<Log, "warn">;
  /** Makes the page for an endpoint at this address; ours when nobody brings another. */
  readonly makePage?: (url: string) => string;
}

const COMMON = {
  "cache-control": "public, max-age=300",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** Stand for the address until it is known who asks. */
const HERE = "http://signalbox.invalid/mcp";
const PATH = "/signalbox.invalid/mcp";

/** The same for everybody but for the address, so each is made once: anybody may ask for them. */
let page: string | undefined;
let json: string | undefined;

function ourPage(url: string): string {
  page ??= htmlPage(referenceBlocks(HERE));
  return page.replaceAll(HERE, () => url);
}

function ourJson(endpoint: string): string {
  json ??= JSON.stringify(reference(PATH));
  return json.replaceAll(PATH, () => endpoint);
}

export function docsRoutes({ publicUrl, log, makePage = ourPage }: DocsOptions): Hono {
  const routes = new Hono();

  /** As the public writes it: a proxy may have this server under a path of its own. */
  function placeOf(context: Context): { readonly origin: string; readonly endpoint: string } {
    const { origin, pathname } = new URL(baseOf(publicUrl, context.req.raw));
    const path = new URL(context.req.url).pathname.replace(/\/docs(\.json)?$/, "");
    return { origin: harmless(origin), endpoint: harmless(pathname.replace(/\/$/, "") + path) };
  }

  function answerPage(context: Context): Response {
    const { origin, endpoint } = placeOf(context);
    try {
      const html = makePage(origin + endpoint);
      return context.body(html, 200, { ...COMMON, "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY });
    } catch (error) {
      log.warn({ error: String(error) }, "the reference page could not be made");
      return context.body(null, 302, { location: `${endpoint}/docs.json`, "cache-control": "no-store" });
    }
  }

  for (const path of ["/mcp", "/session/:session/mcp"]) {
    routes.get(`${path}/docs.json`, (context) =>
      context.body(ourJson(placeOf(context).endpoint), 200, { ...COMMON, "content-type": "application/json" }),
    );
    routes.get(`${path}/docs`, answerPage);
    routes.all(`${path}/docs.json`, notAllowed);
    routes.all(`${path}/docs`, notAllowed);
  }
  return routes;
}

const notAllowed = (context: Context): Response => context.json({ detail: "this is only read" }, 405, { allow: "GET, HEAD" });

/** With nothing in it that a shell, a configuration file or a page would take for more than a part of an address. */
function harmless(url: string): string {
  return url.replaceAll(/[^\w.~:%/[\]-]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
