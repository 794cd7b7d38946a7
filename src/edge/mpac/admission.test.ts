/** Who is let in: by a token of a table, by the token of the discovery file, as this machine's own user. */
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../wire/record.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { of, type Received, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

const TABLE = {
  "ana-token": { allowed_sessions: ["s"], roles: ["owner"] },
  "bo-token": { allowed_sessions: ["*"], roles: ["contributor"] },
  "cy-token": { allowed_sessions: ["elsewhere"], roles: ["contributor"] },
} as unknown as TokenTable;

const authenticated = () => serveSession({ door: { table: TABLE } });
const bearer = (value: string) => ({ credential: { type: "bearer_token", value } });
const now = () => ({ ts: new Date().toISOString() });

async function join(client: TestClient, payload: object = {}): Promise<Received> {
  client.send("HELLO", payload, now());
  return client.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame));
}

describe("a session with a table of tokens", () => {
  it("takes who brings one in HELLO, and says what it was", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");

    const info = await join(ana, { ...bearer("ana-token"), roles: ["contributor"] });

    expect(info.payload).toMatchObject({
      security_profile: "authenticated",
      identity_verified: true,
      identity_method: "bearer_token",
      identity_issuer: "token-table",
    });
  });

  it("takes who brings one in the handshake", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana", "1", { authorization: "Bearer ana-token" });

    expect((await join(ana)).payload).toMatchObject({ identity_verified: true });
  });

  it.each([
    { name: "nothing", payload: {}, headers: {} },
    { name: "a token that nobody gave out", payload: bearer("dan-token"), headers: {} },
    { name: "the token of another session", payload: bearer("cy-token"), headers: {} },
    { name: "the token of another session in the handshake", payload: {}, headers: { authorization: "Bearer cy-token" } },
    {
      name: "a wrong token in HELLO and a right one in the handshake",
      payload: bearer("x"),
      headers: { authorization: "Bearer ana-token" },
    },
    { name: "a credential that is none", payload: { credential: "ana-token" }, headers: {} },
  ])("refuses who brings $name, hears nothing after it, and takes the next HELLO", async ({ payload, headers }) => {
    await using served = await authenticated();
    using ana = await served.connect("ana", "1", headers as Readonly<Record<string, string>>);
    using bo = await served.connect("bo");
    await join(bo, bearer("bo-token"));

    const refused = await join(ana, payload);
    bo.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a") }, now());
    await bo.next(of("INTENT_ANNOUNCE"));

    expect(refused.payload).toMatchObject({ error_code: "CREDENTIAL_REJECTED", refers_to: "ana-1" });
    expect(await ana.sofar()).toEqual([]);
    expect((await join(ana, bearer("ana-token"))).message_type).toBe("SESSION_INFO");
  });

  it.each(["SESSION_SUMMARY", "FILE_LIST", "FILE_READ"])("answers %s before HELLO to a token of the handshake alone", async (type) => {
    await using served = await authenticated();
    const ask = async (headers: Readonly<Record<string, string>>, before: object[] = []): Promise<unknown> => {
      using client = await served.connect("ana", "1", headers);
      for (const payload of before) await join(client, payload);
      client.raw(JSON.stringify({ type, path: "a" }));
      const { payload, type: answer } = await client.next(() => true);
      return answer ?? payload["error_code"];
    };

    const strangers = [{}, { authorization: "Bearer cy-token" }, { authorization: "Bearer dan-token" }];
    for (const headers of strangers) expect(await ask(headers)).toBe("INVALID_REFERENCE");
    // The original's bridge asks so before it joins.
    expect(await ask({ authorization: "Bearer ana-token" })).toMatch(/_RESPONSE|FILE_/);
    expect(await ask({}, [bearer("ana-token")])).toMatch(/_RESPONSE|FILE_/);
  });

  it.each(["summary", "work"])("answers the question for a %s to nobody before HELLO but this machine's own user", async (kind) => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    using own = await served.connect("own", "1", { authorization: "Bearer own-token" });
    const ask = JSON.stringify({ type: "SIGNALBOX_QUERY", query_id: "q", query: { kind } });
    ana.raw(ask);
    own.raw(ask);

    expect(await ana.next(of("SIGNALBOX_ANSWER"))).toMatchObject({ error: "send HELLO first" });
    expect(await own.next(of("SIGNALBOX_ANSWER"))).toMatchObject({ answer: { kind } });
  });

  it("takes another HELLO of who has joined, with its credential or without, and not with another's", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    const answers: unknown[] = [];
    for (const payload of [bearer("ana-token"), {}, bearer("ana-token"), bearer("bo-token")])
      answers.push((await join(ana, payload)).message_type);
    ana.send("HEARTBEAT", { status: "working" }, now());
    await ana.sofar();

    const [last] = (await served.log()).slice(-1).map((text) => JSON.parse(text) as LogRecord);

    expect(answers).toEqual(["SESSION_INFO", "SESSION_INFO", "SESSION_INFO", "PROTOCOL_ERROR"]);
    expect(last?.actor).toEqual({
      principal: "ana",
      verified: "token",
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      roles: ["owner"],
    });
  });

  it("says nothing before HELLO to a message, and opens nothing for it", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    ana.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a") }, now());

    expect((await ana.next(() => true)).payload).toMatchObject({ error_code: "INVALID_REFERENCE" });
  });

  it("reads nothing long of a stranger, and all of somebody it knows", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    const long = { summary: "x".repeat(70_000) };
    const id = ana.send("HELLO", { ...bearer("ana-token"), ...long }, now());
    const unread = await ana.next(() => true);
    await join(ana, bearer("ana-token"));
    ana.send("HELLO", long, now());

    expect([unread.payload["error_code"], unread.payload["refers_to"], id]).toEqual(["MALFORMED_MESSAGE", undefined, "ana-1"]);
    expect((await ana.next(() => true)).message_type).toBe("SESSION_INFO");
  });

  it("takes a sign of life once, though nothing of it is recorded", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    await join(ana, bearer("ana-token"));
    const beat = (id: string) => ana.send("HEARTBEAT", { status: "idle" }, { ...now(), message_id: id });

    for (const id of ["m", "m", "n"]) beat(id);

    expect((await ana.sofar()).map(({ payload }) => [payload["error_code"], payload["refers_to"]])).toEqual([["REPLAY_DETECTED", "m"]]);
  });

  it("knows no message that it refused", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    await join(ana, bearer("ana-token"));
    for (const _ of [1, 2]) ana.send("INTENT_WITHDRAW", { intent_id: "none" }, { ...now(), message_id: "m" });

    expect((await ana.sofar()).map(({ payload }) => payload["error_code"])).toEqual(["INVALID_REFERENCE", "INVALID_REFERENCE"]);
  });

  it("takes no RESOLUTION without a watermark", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana");
    await join(ana, bearer("ana-token"));
    const word = { conflict_id: "none", decision: "approved" };
    ana.send("RESOLUTION", word, now());
    ana.send("RESOLUTION", word, { ...now(), watermark: { kind: "lamport_clock", value: 2 } });

    expect((await ana.sofar()).map(({ payload }) => payload["error_code"])).toEqual(["MALFORMED_MESSAGE", "INVALID_REFERENCE"]);
  });

  it("takes this machine's own user by the discovery file, as whatever it asks to be", async () => {
    await using served = await authenticated();
    using own = await served.connect("own");

    const info = await join(own, { ...bearer("own-token"), roles: ["arbiter"] });

    expect(info.payload).toMatchObject({ identity_issuer: "discovery-file", granted_roles: ["arbiter"] });
  });

  it("keeps no token in its log, whoever brought it and where", async () => {
    await using served = await authenticated();
    using ana = await served.connect("ana", "1", { authorization: "Bearer ana-token" });
    using bo = await served.connect("bo");
    using cy = await served.connect("cy");
    await join(ana);
    await join(bo, { ...bearer("bo-token"), extensions: { signalbox: { token: "bo-token" } } });
    await join(cy, bearer("cy-token"));
    bo.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a"), ...bearer("bo-token") }, { ...now(), credential: "bo-token" });
    await bo.next(of("INTENT_ANNOUNCE"));

    const log = (await served.log()).join("\n");

    expect(log).toContain('"intentId":"i"');
    expect(log).not.toMatch(/(ana|bo|cy)-token/);
    expect(JSON.stringify(await ana.sofar())).not.toMatch(/(ana|bo|cy)-token/);
  });
});

describe("a sidecar that wants the token of its discovery file", () => {
  it.each([
    { name: "in HELLO", payload: bearer("own-token"), headers: {}, answers: "SESSION_INFO" },
    { name: "in the handshake", payload: {}, headers: { authorization: "Bearer own-token" }, answers: "SESSION_INFO" },
    { name: "nowhere", payload: {}, headers: {}, answers: "PROTOCOL_ERROR" },
    { name: "as another one", payload: bearer("x"), headers: {}, answers: "PROTOCOL_ERROR" },
  ])("answers who brings it $name with $answers", async ({ payload, headers, answers }) => {
    await using served = await serveSession({ door: { wantsOwn: true } });
    using ana = await served.connect("ana", "1", headers as Readonly<Record<string, string>>);

    expect((await join(ana, payload)).message_type).toBe(answers);
  });

  it("is open behind its door: no identity is proven, and no clock compared", async () => {
    await using served = await serveSession({ door: { wantsOwn: true } });
    using ana = await served.connect("ana");
    ana.send("HELLO", bearer("own-token"));

    expect((await ana.next(of("SESSION_INFO"))).payload).toMatchObject({ security_profile: "open", identity_verified: false });
  });
});

describe("an open session", () => {
  it.each([
    { peer: "same-user", answers: "SESSION_INFO" },
    { peer: "unknown", answers: "SESSION_INFO" },
    { peer: "other-user", answers: "PROTOCOL_ERROR" },
  ] as const)("answers the HELLO of $peer with $answers", async ({ peer, answers }) => {
    await using served = await serveSession({ peer });
    using ana = await served.connect("ana");

    expect((await join(ana)).message_type).toBe(answers);
  });

  it("takes whoever could read the discovery file, whatever the system takes it for", async () => {
    await using served = await serveSession({ peer: "other-user" });
    using ana = await served.connect("ana", "1", { authorization: "Bearer own-token" });

    expect((await join(ana)).message_type).toBe("SESSION_INFO");
  });

  it("refuses nobody for a credential that it does not know", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana", "1", { authorization: "Bearer x" });

    expect((await join(ana, bearer("y"))).payload).toMatchObject({ identity_verified: false });
  });
});
