import { describe, expect, it } from "vitest";
import { readAdapterSettings } from "./settings.ts";

const ENV = {
  PEERBUS_URL: "ws://127.0.0.1:47821",
  PEERBUS_TOKEN: " token ",
  PEERBUS_HMAC_SECRET: "é".repeat(16),
  PEERBUS_NAME: " ana ",
};

it("takes what the environment says as it is", () => {
  expect(readAdapterSettings("generic", ENV)).toEqual({
    mode: "generic",
    url: "ws://127.0.0.1:47821",
    token: " token ",
    secret: "é".repeat(16),
    name: " ana ",
  });
});

it("lets the adapter of Claude Code go without a name", () => {
  expect(readAdapterSettings("cc", { ...ENV, PEERBUS_NAME: "" })).toMatchObject({ mode: "cc", name: undefined });
});

describe("refuses", () => {
  it.each([
    { name: "no mode", mode: undefined, env: {}, refused: "missing required --adapter=<mode> (one of: cc, generic)" },
    { name: "an unknown mode", mode: "hermes", env: {}, refused: 'unknown adapter mode "hermes" (one of: cc, generic)' },
    { name: "no broker", mode: "cc", env: { PEERBUS_URL: "" }, refused: "PEERBUS_URL is required" },
    { name: "no token", mode: "cc", env: { PEERBUS_TOKEN: undefined }, refused: "PEERBUS_TOKEN is required" },
    {
      name: "a short secret",
      mode: "cc",
      env: { PEERBUS_HMAC_SECRET: "é".repeat(15) },
      refused: "PEERBUS_HMAC_SECRET must be at least 32 bytes",
    },
    { name: "no name", mode: "generic", env: { PEERBUS_NAME: "" }, refused: "PEERBUS_NAME is required for --adapter=generic" },
    {
      name: "what is no address",
      mode: "cc",
      env: { PEERBUS_URL: "127.0.0.1:47821" },
      refused: "PEERBUS_URL is not the address of a broker; write ws://host:port or wss://host",
    },
  ])("$name", ({ mode, env, refused }) => {
    expect(readAdapterSettings(mode, { ...ENV, ...env })).toEqual({ refused });
  });
});
