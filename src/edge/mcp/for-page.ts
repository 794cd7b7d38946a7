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
