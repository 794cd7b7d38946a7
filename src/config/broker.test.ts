import { describe, expect, it } from "vitest";
import { readBrokerConfig } from "./broker.ts";

describe("a broker", () => {
  const env = { PEERBUS_TOKENS: " a,, b ", PEERBUS_HMAC_SECRET: "s".repeat(32) };

  it.each([
    { name: "nothing more", more: {}, flags: {}, gives: { host: "127.0.0.1", port: 47_821, db: "peerbus.db" } },
    { name: "a flag", more: {}, flags: { db: "other.db" }, gives: { db: "other.db" } },
    { name: "a variable beside the flag", more: { PEERBUS_DB: "env.db" }, flags: { db: "other.db" }, gives: { db: "env.db" } },
    { name: "an address", more: { PEERBUS_LISTEN: "0.0.0.0:80" }, flags: {}, gives: { host: "0.0.0.0", port: 80 } },
    { name: "an address in brackets", more: { PEERBUS_LISTEN: "[::1]:80" }, flags: {}, gives: { host: "::1", port: 80 } },
    { name: "a port alone", more: { PEERBUS_LISTEN: ":80" }, flags: {}, gives: { host: "::", port: 80 } },
    {
      name: "an hour of absence",
      more: { SIGNALBOX_PEER_RELEASE_DAYS: "0.5" },
      flags: {},
      gives: { peers: { tokens: ["a", "b"], releaseDays: 0.5 } },
    },
  ])("is told by $name", ({ more, flags, gives }) => {
    expect(readBrokerConfig(flags, { ...env, ...more })).toMatchObject({ idleMinutes: 0, peers: { tokens: ["a", "b"] }, ...gives });
  });

  it.each([
    { name: "no tokens", more: { PEERBUS_TOKENS: "," }, says: /^broker config: at least one bearer token is required$/ },
    { name: "no secret", more: { PEERBUS_HMAC_SECRET: "" }, says: /^broker config: hmac: secret must be at least 32 bytes$/ },
    { name: "no port", more: { PEERBUS_LISTEN: "127.0.0.1" }, says: /PEERBUS_LISTEN is 127\.0\.0\.1; a port is/ },
    { name: "a port too high", more: { PEERBUS_LISTEN: ":65536" }, says: /PEERBUS_LISTEN is 65536/ },
    { name: "no file", more: { PEERBUS_DB: ":memory:" }, says: /keeps its log in a file/ },
    {
      name: "no days",
      more: { SIGNALBOX_PEER_RELEASE_DAYS: "0" },
      says: /SIGNALBOX_PEER_RELEASE_DAYS is 0; write a number of days above 0/,
    },
  ])("with $name is refused", ({ more, says }) => {
    expect(() => readBrokerConfig({}, { ...env, ...more })).toThrow(says);
  });
});
