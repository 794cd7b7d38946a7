/** What the page of an origin that may come in (`../http/guard.ts`) is allowed to read of an answer: it, and of its headers those that MCP has. */

/** Nothing where no page asks. */
export function headersForPage({ headers }: Pick<Request, "headers">): Readonly<Record<string, string>> {
  const origin = headers.get("origin");
  if (origin === null) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "Mcp-Session-Id, WWW-Authenticate, Retry-After",
    vary: "Origin",
  };
}

export function forPage(request: Pick<Request, "headers">, response: Response): Response {
  for (const [name, value] of Object.entries(headersForPage(request))) response.headers.append(name, value);
  return response;
}

/** What it may send. */
export function preflight(headers: Headers): Response {
  const asked = headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, DELETE",
      ...(asked === null ? {} : { "access-control-allow-headers": asked }),
      "access-control-max-age": "300",
    },
  });
}
