/**
 * Where a client learns whom to ask for a token (RFC 9728): the metadata of this server as a resource, and the address of it for
 * the resource that a request was about.
 */
import { Hono } from "hono";
import { forPage, preflight } from "./for-page.ts";
import { WRITE_SCOPE } from "./issuer.ts";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** Paths of resources: all of this server, and where it speaks MCP. */
const RESOURCE = /^(?:\/mcp|\/session\/[^/]+\/mcp)?$/;

/** How long it may be repeated, in seconds. */
const MAX_AGE_S = 300;

/** The public address of this server, without a slash at its end: what was configured, else what the request came to. */
export function baseOf(publicUrl: string | undefined, request: Pick<Request, "url">, port?: number): string {
  if (publicUrl !== undefined) return publicUrl;
  const url = new URL(request.url);
  if (port !== undefined) url.port = String(port);
  return url.origin;
}

/** Where the metadata is for the resource at that path. */
export function metadataUrl(base: string, path: string): string {
  const { origin, pathname } = new URL(base);
  return `${origin}${WELL_KNOWN}${pathname.replace(/\/$/, "")}${RESOURCE.test(path) ? path : ""}`;
}

/** What a token may name as its audience: this server, or the session that is asked for. */
export function audiencesOf(base: string, sessionId: string | undefined): readonly string[] {
  return [base, `${base}/`, `${base}/mcp`, ...(sessionId === undefined ? [] : [`${base}/session/${sessionId}/mcp`])];
}

export function metadataRoutes({ issuer, publicUrl }: { readonly issuer: string; readonly publicUrl: string | undefined }): Hono {
  const routes = new Hono();
  for (const path of [WELL_KNOWN, `${WELL_KNOWN}/*`]) {
    // Of a page that may come in its client asks by itself, and says which revision it speaks.
    routes.options(path, ({ req }) => forPage(req.raw, preflight(req.raw.headers)));
    routes.get(path, (context) => {
      const base = baseOf(publicUrl, context.req.raw);
      const before = new URL(base).pathname.replace(/\/$/, "");
      const asked = new URL(context.req.url).pathname.slice(WELL_KNOWN.length).replace(/\/$/, "");
      const resource = before !== "" && (asked === before || asked.startsWith(`${before}/`)) ? asked.slice(before.length) : asked;
      if (!RESOURCE.test(resource)) return context.json({ error: "no resource is there; ask for /mcp or /session/<id>/mcp" }, 404);
      const metadata = {
        resource: `${base}${resource}`,
        authorization_servers: [issuer],
        scopes_supported: [WRITE_SCOPE],
        bearer_methods_supported: ["header"],
        resource_name: "Signalbox",
      };
      return forPage(context.req.raw, context.json(metadata, 200, { "cache-control": `public, max-age=${MAX_AGE_S}` }));
    });
  }
  return routes;
}
