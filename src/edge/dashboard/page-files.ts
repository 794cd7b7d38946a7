/**
 * The page and its files, which are the same for every session, and what a browser is told to keep away from them and from all
 * that lies beside them.
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { Assets } from "./assets.ts";

/** The session that a path names, or the one there is when it names none; or how it is said that there is none. */
export type SessionAt = (named: string | undefined) => string | { readonly notFound: string };

const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const NOT_BUILT = "this sidecar runs from its source, where the page is not made; build it with «npm run build» and start that";
const FILES: Readonly<Record<string, readonly [keyof Assets, string]>> = {
  "": ["html", "text/html; charset=utf-8"],
  "dashboard/app.js": ["script", "text/javascript; charset=utf-8"],
  "dashboard/app.css": ["css", "text/css; charset=utf-8"],
  "dashboard/icon.svg": ["icon", "image/svg+xml"],
};

const withHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) if (!context.res.headers.has(name)) context.res.headers.set(name, value);
};

/** The path as it stands in the URL: what a client wrote there, nobody decodes. */
const pathOf = (context: Context): string => new URL(context.req.url).pathname;
export const namedIn = (context: Context): string | undefined => /^\/session\/([^/]+)\//.exec(pathOf(context))?.[1];

export function pageFiles({ assets, sessionAt }: { readonly assets: Assets | undefined; readonly sessionAt: SessionAt }): Hono {
  const routes = new Hono();
  for (const base of ["/", "/session/:session/"]) {
    routes.use(`${base}dashboard/*`, withHeaders);
    for (const [path, [name, type]] of Object.entries(FILES)) {
      routes.get(`${base}${path}`, withHeaders, (context) => {
        const sessionId = sessionAt(namedIn(context));
        if (typeof sessionId === "object") return context.json({ detail: sessionId.notFound }, 404);
        if (assets === undefined) return context.json({ detail: NOT_BUILT }, 503);
        return context.body(assets[name], 200, { "content-type": type });
      });
    }
  }
  // Without its last slash the page would look for its files beside the session.
  routes.get("/session/:session", withHeaders, (context) => context.redirect(`${pathOf(context)}/`, 308));
  return routes;
}
