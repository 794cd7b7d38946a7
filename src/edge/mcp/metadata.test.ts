import { describe, expect, it } from "vitest";
import { audiencesOf, baseOf, metadataRoutes, metadataUrl } from "./metadata.ts";

const ISSUER = "https://id.example.org";
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

describe("the metadata of this server", () => {
  it.each([
    { publicUrl: undefined, asks: WELL_KNOWN, resource: "http://127.0.0.1:4711" },
    { publicUrl: undefined, asks: `${WELL_KNOWN}/mcp`, resource: "http://127.0.0.1:4711/mcp" },
    { publicUrl: "https://signalbox.example.org", asks: `${WELL_KNOWN}/`, resource: "https://signalbox.example.org" },
    {
      publicUrl: "https://signalbox.example.org",
      asks: `${WELL_KNOWN}/session/red/mcp`,
      resource: "https://signalbox.example.org/session/red/mcp",
    },
    { publicUrl: "https://example.org/box", asks: `${WELL_KNOWN}/box/mcp`, resource: "https://example.org/box/mcp" },
    { publicUrl: "https://example.org/box", asks: `${WELL_KNOWN}/box`, resource: "https://example.org/box" },
    { publicUrl: "https://example.org/box", asks: `${WELL_KNOWN}/mcp`, resource: "https://example.org/box/mcp" },
  ])("is at $asks of $publicUrl", async ({ publicUrl, asks, resource }) => {
    const answer = await metadataRoutes({ issuer: ISSUER, publicUrl }).request(`http://127.0.0.1:4711${asks}`);

    expect([answer.status, answer.headers.get("cache-control"), await answer.json()]).toEqual([
      200,
      "public, max-age=300",
      {
        resource,
        resource_name: "Signalbox",
        authorization_servers: [ISSUER],
        scopes_supported: ["signalbox:write"],
        bearer_methods_supported: ["header"],
      },
    ]);
  });

  it("can be read by a page that may come in, whose client says which revision it speaks", async () => {
    const routes = metadataRoutes({ issuer: ISSUER, publicUrl: undefined });
    const headers = { origin: "http://localhost:4711", "access-control-request-headers": "mcp-protocol-version" };

    const answers = [
      await routes.request(`http://127.0.0.1:4711${WELL_KNOWN}/mcp`, { method: "OPTIONS", headers }),
      await routes.request(`http://127.0.0.1:4711${WELL_KNOWN}/mcp`, { headers }),
    ];

    expect(answers.map(({ status, headers: said }) => [status, said.get("access-control-allow-origin")])).toEqual([
      [204, headers.origin],
      [200, headers.origin],
    ]);
    expect(answers[0]?.headers.get("access-control-allow-headers")).toBe("mcp-protocol-version");
  });

  it.each([`${WELL_KNOWN}/api/bus`, `${WELL_KNOWN}/mcp/more`, `${WELL_KNOWN}/session/mcp`])("is not at %s", async (asks) => {
    expect((await metadataRoutes({ issuer: ISSUER, publicUrl: undefined }).request(asks)).status).toBe(404);
  });

  it.each([
    ["https://signalbox.example.org", "/mcp", `https://signalbox.example.org${WELL_KNOWN}/mcp`],
    ["https://signalbox.example.org", "/session/red/mcp", `https://signalbox.example.org${WELL_KNOWN}/session/red/mcp`],
    ["https://example.org/box", "/mcp", `https://example.org${WELL_KNOWN}/box/mcp`],
    ["https://example.org", "/elsewhere", `https://example.org${WELL_KNOWN}`],
  ])("is said to be, for %s and %s, at %s", (base, path, url) => {
    expect(metadataUrl(base, path)).toBe(url);
  });
});

it("has the address that the public knows, or the port that it listens on", () => {
  const request = new Request("http://localhost:1/mcp");

  expect([baseOf("https://example.org", request, 2), baseOf(undefined, request, 2), baseOf(undefined, request)]).toEqual([
    "https://example.org",
    "http://localhost:2",
    "http://localhost:1",
  ]);
});

it("is meant by a token for all of it, or for the session that is asked for", () => {
  expect(audiencesOf("https://example.org", "red")).toEqual([
    "https://example.org",
    "https://example.org/",
    "https://example.org/mcp",
    "https://example.org/session/red/mcp",
  ]);
  expect(audiencesOf("https://example.org", undefined)).not.toContain("https://example.org/session/red/mcp");
});
