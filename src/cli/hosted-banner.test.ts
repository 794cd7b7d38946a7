import { expect, it } from "vitest";
import { readHostedConfig } from "../config.ts";
import { bannerOf } from "./hosted-banner.ts";

const KEY = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";

it("says where clients and MCP hosts come in, and how", () => {
  const env = {
    MPAC_TOKEN_TABLE: '{"token-of-ana":{"allowed_sessions":["red"]}}',
    SIGNALBOX_KEY_TABLE: JSON.stringify({
      bo: { public_key: KEY, allowed_sessions: ["red"] },
      cy: { public_key: KEY, allowed_sessions: ["*"] },
    }),
    SIGNALBOX_PUBLIC_URL: "https://hub.example.org",
    SIGNALBOX_ISSUER: "https://id.example.org",
  };

  const told = bannerOf(readHostedConfig({ multiSession: true, tls: true }, env), "ws://127.0.0.1:8766/session/<id>");

  expect(told.split("\n").slice(4)).toEqual([
    "  verifier  token table, 1 entry",
    "  clients   wss://<name of the proxy>/session/<id>",
    "  MCP       https://<name of the proxy>/session/<id>/mcp",
    "            also by signed requests, key table, 2 entries, and tokens of https://id.example.org",
  ]);
  expect(told).not.toContain("token-of-ana");
});

it("says that nobody is kept out where no token is asked for", () => {
  const told = bannerOf(readHostedConfig({ multiSession: true }, {}), "ws://127.0.0.1:8766/session/<id>");

  expect(told.split("\n").slice(4)).toEqual([
    "  verifier  none: whoever reaches it may join",
    "  clients   ws://127.0.0.1:8766/session/<id>",
    "  MCP       http://127.0.0.1:8766/session/<id>/mcp",
  ]);
});
