import { describe, expect, it } from "vitest";
import { barredBy } from "./guard.ts";

const options = { host: "127.0.0.1", port: 38123, allowedOrigins: ["https://panel.example"] };

describe("a request", () => {
  it.each([
    { host: "127.0.0.1:38123", origin: undefined, passes: true },
    { host: "localhost:38123", origin: undefined, passes: true },
    { host: "LOCALHOST", origin: undefined, passes: true },
    { host: "[::1]:38123", origin: undefined, passes: true },
    { host: undefined, origin: undefined, passes: false },
    { host: "evil.example:38123", origin: undefined, passes: false },
    { host: "127.0.0.1.evil.example", origin: undefined, passes: false },
    { host: "localhost:38123", origin: "http://localhost", passes: true },
    { host: "localhost:38123", origin: "http://localhost:38123", passes: true },
    { host: "localhost:38123", origin: "http://127.0.0.1:38123", passes: true },
    { host: "localhost:38123", origin: "http://localhost:3000", passes: false },
    { host: "localhost:38123", origin: "https://localhost", passes: false },
    { host: "localhost:38123", origin: "http://evil.example", passes: false },
    { host: "localhost:38123", origin: "null", passes: false },
    { host: "localhost:38123", origin: "https://panel.example", passes: true },
    { host: "localhost:38123", origin: "https://panel.example:444", passes: false },
  ])("to $host from $origin passes: $passes", ({ host, origin, passes }) => {
    const headers = { ...(host === undefined ? {} : { host }), ...(origin === undefined ? {} : { origin }) };

    expect(barredBy({ headers }, options) === undefined).toBe(passes);
  });
});

describe("a request to one that every page of its own host may reach", () => {
  it.each([
    { host: "bus.example:47821", origin: "http://bus.example:47821", passes: true },
    { host: "BUS.example", origin: "https://bus.example", passes: true },
    { host: "bus.example:47821", origin: "http://bus.example", passes: false },
    { host: "bus.example", origin: "http://evil.example", passes: false },
    { host: "bus.example", origin: "http://evil.example/bus.example", passes: false },
    { host: "bus.example", origin: "null", passes: false },
    { host: undefined, origin: "null", passes: false },
  ])("to $host from $origin passes: $passes", ({ host, origin, passes }) => {
    const headers = { origin, ...(host === undefined ? {} : { host }) };

    expect(barredBy({ headers }, { ...options, anyHost: true, sameOrigin: true }) === undefined).toBe(passes);
  });
});
