import { describe, expect, it } from "vitest";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { Connection } from "./connection.ts";
import type { Identity } from "../http/door.ts";
import { actorOf, provenOf } from "./proven.ts";

const identity: Identity = { method: "bearer_token", issuer: "token-table", fingerprint: "0123456789abcdef", roles: ["owner"] };
const over = (proven: Identity | undefined) => ({ identity: proven }) as Connection;
const message = (type: string, ts?: string) => ({ message_type: type, ts, sender: { principal_id: "ana" } }) as unknown as ClientMessage;

describe("what a connection has proven", () => {
  it.each([
    { ts: "2026-01-31T12:00:00Z", says: Date.UTC(2026, 0, 31, 12) },
    { ts: "2026-01-31t12:00:00.5z", says: Date.UTC(2026, 0, 31, 12, 0, 0, 500) },
    { ts: "2026-01-31 12:00:00.123456+00:00", says: Date.UTC(2026, 0, 31, 12, 0, 0, 123) },
    { ts: "2026-01-31T12:00:00-05:30", says: Date.UTC(2026, 0, 31, 17, 30) },
    { ts: "2026-01-31T12:00:00", says: null },
    { ts: "2026-13-31T12:00:00Z", says: null },
    { ts: "1769860800", says: null },
    { ts: "yesterday", says: null },
    { ts: "", says: null },
    { ts: undefined, says: null },
  ])("comes with the time that $ts says", ({ ts, says }) => {
    expect(provenOf(over(identity), message("HEARTBEAT", ts))).toEqual({ sentAtMs: says });
  });

  it("comes with a HELLO, whose decision asks for it, and with nothing where nobody has to prove anything", () => {
    expect(provenOf(over(identity), message("HELLO", "2026-01-31T12:00:00Z"))).toMatchObject({ identity });
    expect(provenOf(over(undefined), message("HELLO", "2026-01-31T12:00:00Z"))).toEqual({});
  });

  it("stands in the record of each message as who said it", () => {
    const { fingerprint, roles } = identity;

    expect(actorOf(over(identity), "ana")).toEqual({ principal: "ana", verified: "token", fingerprint, roles });
    expect(actorOf(over(undefined), "ana")).toEqual({ principal: "ana", verified: "asserted" });
  });
});
