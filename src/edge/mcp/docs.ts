/**
 * `/mcp/docs.json` and `/mcp/docs`: what is served over MCP, for programs and for people, without a credential. It says nothing
 * of any session, so that it is the same whether one is there or not.
 */
import { type Context, Hono } from "hono";
import type { Log } from "../../log.ts";
import { htmlPage, PAGE_POLICY } from "./docs-html.ts";
import { reference, referenceBlocks } from "./docs-reference.ts";
import { baseOf } from "./metadata.ts";

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

/** Stands for the address until it is known who asks. */
const HERE = "http://signalbox.invalid/mcp";

let made: string | undefined;

/** The same for everybody but for the address, so it is made once. */
function ourPage(url: string): string {
  made ??= htmlPage(referenceBlocks(HERE));
  return made.replaceAll(HERE, () => url);
}

export function docsRoutes({ publicUrl, log, makePage = ourPage }: DocsOptions): Hono {
  const routes = new Hono();

  function page(context: Context): Response {
    const endpoint = endpointOf(context);
    try {
      const html = makePage(harmless(baseOf(publicUrl, context.req.raw)) + endpoint);
      return context.body(html, 200, { ...COMMON, "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY });
    } catch (error) {
      log.warn({ error: String(error) }, "the reference page could not be made");
      return context.body(null, 302, { location: `${endpoint}/docs.json`, "cache-control": "no-store" });
    }
  }

  for (const path of ["/mcp", "/session/:session/mcp"]) {
    routes.get(`${path}/docs.json`, (context) => context.json(reference(endpointOf(context)), 200, COMMON));
    routes.get(`${path}/docs`, page);
    routes.all(`${path}/docs.json`, notAllowed);
    routes.all(`${path}/docs`, notAllowed);
  }
  return routes;
}

const notAllowed = (context: Context): Response => context.json({ detail: "this is only read" }, 405, { allow: "GET, HEAD" });

function endpointOf(context: Context): string {
  return harmless(new URL(context.req.url).pathname.replace(/\/docs(\.json)?$/, ""));
}

/** With nothing in it that a shell, a configuration file or a page would take for more than a part of an address. */
function harmless(url: string): string {
  return url.replaceAll(/[^\w.~:%/[\]-]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
