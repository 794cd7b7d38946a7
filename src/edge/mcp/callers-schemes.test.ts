/** Signatures and tokens of an issuer beside tokens of the table, as callers show them over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeyTable } from "../../wire/key-table.ts";
import type { SignIn } from "../../wire/sign-in.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { createDoor } from "../http/door.ts";
import { createCallers } from "./callers.ts";
import { startIssuer, type TestIssuer } from "./issuer.test.fixture.ts";
import type { Caller } from "./ports.ts";
import { newKey, signed } from "./signing.test.fixture.ts";

const NOW_S = 1_800_000_000;
const AT = "https://signalbox.example.org";
const BODY = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const METADATA = `${AT}/.well-known/oauth-protected-resource/session/red/mcp`;
const ana = newKey();
const KEYS = { "ana-key": { public_key: ana.x, allowed_sessions: ["red"], holder: "ana" } } as unknown as KeyTable;
const TABLE = {
  "bo-token": { allowed_sessions: ["red"], holder: "bo" },
  "ana-token": { allowed_sessions: ["red"], holder: "ana" },
} as unknown as TokenTable;

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer({ nowS: NOW_S });
});
afterAll(() => issuer[Symbol.asyncDispose]());

function callers(signIn: Partial<SignIn> = {}, { isHosted = true } = {}) {
  const clock = { nowMs: (NOW_S - 1_000) * 1_000 };
  const all: SignIn = {
    anonymousRead: undefined,
    publicUrl: isHosted ? AT : undefined,
    keys: KEYS,
    issuer: { issuer: issuer.url, jwks: undefined, audiences: [], sessions: isHosted ? [] : ["*"] },
    ...signIn,
  };
  const door = createDoor({ own: "own-token", table: isHosted ? TABLE : undefined });
  const made = createCallers({
    door,
    signIn: all,
    isHosted,
    beganAtMs: clock.nowMs,
    nowMs: () => clock.nowMs,
    log: { warn: () => undefined },
  });
  clock.nowMs = NOW_S * 1_000;
  return { ...made, clock };
}

/** As it comes to a sidecar behind a proxy. */
const asking = (headers: Record<string, string>, path = "/session/red/mcp") =>
  new Request(`http://127.0.0.1:8766${path}`, { method: "POST", headers, body: BODY });
const bytes = Buffer.from(BODY);

const signature = (url = `${AT}/session/red/mcp`, more = ';nonce="n"') =>
  signed({ method: "POST", url, body: BODY }, { key: ana.key, keyId: "ana-key", created: NOW_S, more });
const bearer = async (claims: object) => ({ authorization: `Bearer ${await issuer.issue({ aud: `${AT}/session/red/mcp`, ...claims })}` });

describe("whoever signs", () => {
  it("is the holder of the key, under the address that the public knows", async () => {
    const by = callers();

    expect(await by.judge(asking(signature()), bytes, "red")).toMatchObject({
      kind: "proven",
      name: "ana",
      mayWrite: true,
      identity: { issuer: "key-table" },
    });
    expect(await by.judge(asking(signature("http://127.0.0.1:8766/session/red/mcp")), bytes, "red")).toMatchObject({ status: 401 });
  });

  it("is who that is by a token too", async () => {
    const by = callers();
    const [byKey, byToken] = [
      await by.judge(asking(signature()), bytes, "red"),
      await by.judge(asking({ authorization: "Bearer ana-token" }), bytes, "red"),
    ] as [Caller, Caller];

    expect(byToken.identity?.fingerprint).toBe(byKey.identity?.fingerprint);
  });

  it("signs on one machine for the sidecar of that port", async () => {
    const by = callers({}, { isHosted: false });
    const wire = (port: number) => ({ address: "127.0.0.1", port, peer: () => Promise.resolve("same-user" as const) });
    const own = (more: string) => asking(signature("http://127.0.0.1:8766/mcp", more), "/mcp");

    expect(await by.judge(own(';nonce="a"'), bytes, "red", wire(8766))).toMatchObject({ name: "ana" });
    expect(await by.judge(own(';nonce="b"'), bytes, "red", wire(8767))).toMatchObject({ status: 401 });
  });

  it("and shows a token beside it is who the token says", async () => {
    const by = callers();

    expect(await by.judge(asking({ ...signature(), authorization: "Bearer bo-token" }), bytes, "red")).toMatchObject({ name: "bo" });
    expect(await by.judge(asking({ ...signature(), authorization: "Bearer cy-token" }), bytes, "red")).toMatchObject({ status: 401 });
  });

  it("is told what to sign when it does not hold, and asked for nothing when it is good for elsewhere", async () => {
    const by = callers();

    expect(await by.judge(asking({ signature: "sig=:AA==:" }), bytes, "red")).toMatchObject({
      status: 401,
      headers: { "accept-signature": 'sig=("@method" "@target-uri" "content-digest" "mcp-session-id");created;keyid;alg="ed25519"' },
    });
    expect(await by.judge(asking(signature(`${AT}/session/blue/mcp`), "/session/blue/mcp"), bytes, "blue")).toMatchObject({
      status: 403,
      headers: {},
    });
  });

  it("is not anybody where no key is known, and where anybody may read", async () => {
    const by = callers({ keys: undefined, anonymousRead: true });

    expect(await by.judge(asking(signature()), bytes, "red")).toMatchObject({ status: 401 });
  });

  it("stays for as long as the key does", async () => {
    const by = callers();
    const caller = (await by.judge(asking(signature()), bytes, "red")) as Caller;
    const before = [by.stillHolds(caller, "red"), by.stillHolds(caller, "blue")];
    by.renewKeys({});

    expect([...before, by.stillHolds(caller, "red")]).toEqual([true, false, false]);
  });
});

describe("whoever has a token of the issuer", () => {
  it.each<{ name: string; claims: object; gives: object }>([
    { name: "reads by it", claims: { signalbox_sessions: ["red"] }, gives: { kind: "proven", name: "u-1", mayWrite: false } },
    {
      name: "writes by its scope",
      claims: { signalbox_sessions: ["red"], scope: "signalbox:write" },
      gives: { kind: "proven", mayWrite: true },
    },
    { name: "may have one for all of the server", claims: { signalbox_sessions: ["*"], aud: AT }, gives: { kind: "proven" } },
    { name: "is in no session that it does not name", claims: { signalbox_sessions: ["blue"] }, gives: { status: 403, headers: {} } },
    { name: "is in none when nobody says which", claims: {}, gives: { status: 403, headers: {} } },
    {
      name: "may not bring one for another session",
      claims: { signalbox_sessions: ["*"], aud: `${AT}/session/blue/mcp` },
      gives: {
        status: 401,
        headers: {
          "www-authenticate": `Bearer realm="signalbox", error="invalid_token", scope="signalbox:write", resource_metadata="${METADATA}"`,
        },
      },
    },
    {
      name: "may not bring one that has expired",
      claims: { exp: NOW_S - 60 },
      gives: { status: 401, why: expect.stringMatching(/expired/) as string },
    },
  ])("$name", async ({ claims, gives }) => {
    const judged = await callers().judge(asking(await bearer(claims)), bytes, "red");

    expect(judged).toMatchObject(gives);
    expect(JSON.stringify(judged)).not.toMatch(/eyJ/);
  });

  it.each(["ana", "bo", "team"])("is no holder of the tables, though it calls itself %s", async (name) => {
    const keys = { "cy-key": { public_key: newKey().x, allowed_sessions: ["red"], holder: "team/cy" } } as unknown as KeyTable;
    const by = callers({ keys });
    const claims = { preferred_username: name, signalbox_sessions: "red" };
    const judged = (await by.judge(asking(await bearer(claims)), bytes, "red")) as Caller;

    expect(judged.name).toBe(`${name}-${judged.identity?.fingerprint.slice(0, 6)}`);
  });

  it("is in the one session of a repository", async () => {
    const by = callers({}, { isHosted: false });
    const shows = { authorization: `Bearer ${await issuer.issue({ aud: "http://127.0.0.1:8766/mcp" })}` };

    expect(await by.judge(asking(shows, "/mcp"), bytes, "red")).toMatchObject({ kind: "proven", name: "u-1" });
  });

  it("stays until it expires", async () => {
    const by = callers();
    const caller = (await by.judge(asking(await bearer({ signalbox_sessions: ["red"] })), bytes, "red")) as Caller;
    const before = by.stillHolds(caller, "red");
    by.clock.nowMs = (NOW_S + 630) * 1_000;

    expect([before, by.stillHolds(caller, "red")]).toEqual([true, false]);
  });

  it("is told which scope it lacks to write", async () => {
    const by = callers();
    const request = asking(await bearer({ signalbox_sessions: ["red"] }));
    const caller = (await by.judge(request, bytes, "red")) as Caller;

    expect(by.barredFromWriting(caller, request)).toMatchObject({
      status: 403,
      why: expect.stringMatching(/scope signalbox:write/) as string,
      headers: {
        "www-authenticate": `Bearer realm="signalbox", error="insufficient_scope", scope="signalbox:write", resource_metadata="${METADATA}"`,
      },
    });
  });

  it("waits while the issuer does not answer, and nobody else does", async () => {
    const by = callers({ issuer: { issuer: "http://127.0.0.1:1", jwks: undefined, audiences: [], sessions: ["*"] } });

    expect(await by.judge(asking(await bearer({})), bytes, "red")).toMatchObject({
      status: 503,
      why: expect.stringMatching(/does not answer/) as string,
      headers: { "retry-after": "5" },
    });
    expect(await by.judge(asking({ authorization: "Bearer bo-token" }), bytes, "red")).toMatchObject({ name: "bo" });
    expect(await by.judge(asking({ authorization: "Bearer cy-token" }), bytes, "red")).toMatchObject({ status: 401 });
  });
});

describe("the session of a path that names none", () => {
  it("is the only one that a key opens, or a token of the issuer", async () => {
    const by = callers();
    const at = async (headers: Record<string, string>) => by.sessionFor(asking(headers, "/mcp"));

    expect(await at(signature())).toBe("red");
    expect(await at(await bearer({ aud: `${AT}/mcp`, signalbox_sessions: "blue" }))).toBe("blue");
    expect(await at(await bearer({ aud: `${AT}/mcp`, signalbox_sessions: "blue red" }))).toBeUndefined();
    expect(await at(await bearer({ aud: `${AT}/mcp` }))).toBeUndefined();
    expect(await at(await bearer({ aud: "https://other.example" }))).toMatchObject({ status: 401 });
    expect(await at({ signature: "sig=:AA==:" })).toMatchObject({ status: 401 });
    expect(await at({})).toMatchObject({
      status: 401,
      headers: { "www-authenticate": expect.stringContaining("/oauth-protected-resource/mcp") as string },
    });
  });
});

it("says each way to sign in that there is, to whoever shows nothing as well", async () => {
  const by = callers();
  const ways = new RegExp(`whoever runs this coordinator gives one out, ${issuer.url} issues one, or sign each request`);

  expect(by.howToSignIn).toMatch(ways);
  expect(await by.judge(asking({}), bytes, "red")).toMatchObject({ status: 401, why: expect.stringMatching(ways) as string });
});
