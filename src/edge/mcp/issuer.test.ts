import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IssuerSettings } from "../../wire/sign-in.ts";
import { createIssuer, isJwt, type JudgedToken, opens } from "./issuer.ts";
import { startIssuer, type TestIssuer } from "./issuer.test.fixture.ts";

const NOW_S = 1_800_000_000;
const HERE = "https://signalbox.example.org/mcp";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer({ nowS: NOW_S });
});
afterAll(() => issuer[Symbol.asyncDispose]());

const settingsOf = (more: Partial<IssuerSettings> = {}): IssuerSettings => ({
  issuer: issuer.url,
  jwks: undefined,
  audiences: [],
  sessions: ["red"],
  ...more,
});

/** Who judges at a time that a test moves. */
function judge(more: Partial<IssuerSettings> = {}) {
  const warnings: unknown[] = [];
  const clock = { nowMs: NOW_S * 1_000 };
  const made = createIssuer({
    settings: settingsOf(more),
    nowMs: () => clock.nowMs,
    log: { warn: (fields) => void warnings.push(fields) },
  });
  return { ask: (token: string, audiences = [HERE]) => made.judge(token, audiences), clock, warnings };
}

describe("a token of the issuer", () => {
  it.each<{ name: string; claims: Record<string, unknown>; gives: object; settings?: Partial<IssuerSettings> }>([
    { name: "reads", claims: {}, gives: { name: "u-1", mayWrite: false, sessions: new Set(["red"]), expiresAtMs: (NOW_S + 630) * 1_000 } },
    { name: "writes by its scope", claims: { scope: "openid signalbox:write" }, gives: { mayWrite: true } },
    { name: "is a contributor's that writes", claims: { scope: "signalbox:write" }, gives: { identity: { roles: ["contributor"] } } },
    {
      name: "is what it says that writes",
      claims: { scope: "signalbox:write", signalbox_roles: [] },
      gives: { identity: { roles: [] } },
    },
    { name: "writes by a list of scopes", claims: { scp: ["signalbox:write"] }, gives: { mayWrite: true } },
    { name: "does not write by a scope that looks like it", claims: { scope: "signalbox:writer signalbox" }, gives: { mayWrite: false } },
    { name: "does not write by a scope that is no text", claims: { scope: { "signalbox:write": true } }, gives: { mayWrite: false } },
    { name: "is of whoever its issuer calls so", claims: { preferred_username: "ana" }, gives: { name: "ana" } },
    { name: "is of nobody's family", claims: { preferred_username: "ana/opus" }, gives: { name: "ana-opus" } },
    { name: "has a name in one line", claims: { preferred_username: " an\na " }, gives: { name: "ana" } },
    { name: "is not the coordinator's", claims: { preferred_username: "service:coordinator" }, gives: { name: "u-1" } },
    { name: "is no token without a holder", claims: { preferred_username: "mcp:0123abcd" }, gives: { name: "u-1" } },
    { name: "has a name that is a text", claims: { preferred_username: 7 }, gives: { name: "u-1" } },
    { name: "has a short name", claims: { preferred_username: "a".repeat(500) }, gives: { name: "a".repeat(128) } },
    { name: "opens what it says", claims: { signalbox_sessions: ["blue", "green", 7] }, gives: { sessions: new Set(["blue", "green"]) } },
    { name: "opens what it says in words", claims: { signalbox_sessions: "blue green" }, gives: { sessions: new Set(["blue", "green"]) } },
    { name: "opens nothing when it says so", claims: { signalbox_sessions: [] }, gives: { sessions: new Set() } },
    { name: "gives roles", claims: { signalbox_roles: ["owner", "x".repeat(129), ""] }, gives: { identity: { roles: ["owner"] } } },
    {
      name: "leaves roles to the session",
      claims: {},
      gives: { identity: { method: "bearer_token", fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string } },
    },
    { name: "may be for several", claims: { aud: ["https://other.example", HERE] }, gives: { name: "u-1" } },
    { name: "is a little too early", claims: { nbf: NOW_S + 29 }, gives: { name: "u-1" } },
    { name: "is a little too late", claims: { exp: NOW_S - 29 }, gives: { name: "u-1" } },
    {
      name: "is for the audience of the settings",
      claims: { aud: "signalbox" },
      settings: { audiences: ["signalbox"] },
      gives: { name: "u-1" },
    },
    { name: "has keys at a place of the settings", claims: {}, settings: { jwks: "keys" }, gives: { name: "u-1" } },
  ])("$name", async ({ claims, gives, settings = {} }) => {
    const { ask } = judge(settings.jwks === undefined ? settings : { jwks: `${issuer.url}/keys` });

    expect(await ask(await issuer.issue({ aud: HERE, ...claims }))).toMatchObject({ bearer: gives });
  });

  it.each<{ name: string; claims: Record<string, unknown>; says: RegExp; settings?: Partial<IssuerSettings> }>([
    { name: "for another server", claims: { aud: "https://other.example/mcp" }, says: /for another server/ },
    { name: "for nobody", claims: { aud: undefined }, says: /for another server/ },
    {
      name: "for this server where another audience is set",
      claims: {},
      settings: { audiences: ["signalbox"] },
      says: /for another server/,
    },
    { name: "of another issuer", claims: { iss: "https://other.example" }, says: /claim iss/ },
    { name: "that has expired", claims: { exp: NOW_S - 31 }, says: /has expired/ },
    { name: "that is not good yet", claims: { nbf: NOW_S + 31 }, says: /claim nbf/ },
    { name: "that never expires", claims: { exp: undefined }, says: /claim exp/ },
    { name: "of nobody", claims: { sub: undefined }, says: /claim sub/ },
    { name: "of somebody without a name", claims: { sub: "\n" }, says: /sub of this token is no name/ },
    { name: "of a number", claims: { sub: 7, preferred_username: "ana" }, says: /sub of this token is no name/ },
  ])("$name is refused", async ({ claims, says, settings = {} }) => {
    const { ask } = judge(settings);

    expect(await ask(await issuer.issue({ aud: HERE, ...claims }))).toEqual({ refused: expect.stringMatching(says) as string });
  });

  it("is refused with another's signature, with a secret's, and with none", async () => {
    const { ask } = judge();
    const good = await issuer.issue({ aud: HERE });
    const [head = "", body = "", tail = ""] = good.split(".");
    const claims = { iss: issuer.url, sub: "u-1", aud: HERE, exp: NOW_S + 600 };
    const forged = [head, Buffer.from(JSON.stringify({ ...claims, scope: "signalbox:write" })).toString("base64url"), tail].join(".");
    const bySecret = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "first" }).sign(Buffer.alloc(32, 1));
    const unsigned = new UnsecuredJWT(claims).encode();

    expect(await ask(forged)).toEqual({ refused: expect.stringMatching(/cannot be verified/) as string });
    expect(await ask(bySecret)).toEqual({ refused: expect.stringMatching(/in a way that is not taken/) as string });
    expect(await ask(unsigned)).toEqual({ refused: expect.stringMatching(/in a way that is not taken/) as string });
    expect(await ask(`${head}.${body}.`)).toEqual({ refused: expect.stringMatching(/cannot be verified/) as string });
    expect([good, bySecret, unsigned, "a.b", "ana-token", `${"a".repeat(20_000)}.b.c`].map(isJwt)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("is of one person, however that one is called", async () => {
    const { ask } = judge();
    const of = async (claims: object) =>
      ((await ask(await issuer.issue({ aud: HERE, ...claims }))) as { bearer: { identity: { fingerprint: string } } }).bearer.identity
        .fingerprint;

    expect(await of({ preferred_username: "ana" })).toBe(await of({ preferred_username: "anna" }));
    expect(await of({ preferred_username: "ana" })).not.toBe(await of({ preferred_username: "ana", sub: "u-2" }));
  });

  it("opens the sessions it has, and all by a star", async () => {
    const { ask } = judge({ sessions: ["*"] });
    const bearerOf = (judged: JudgedToken) => (judged as Extract<JudgedToken, { bearer: unknown }>).bearer;
    const [any, blue] = [
      bearerOf(await ask(await issuer.issue({ aud: HERE }))),
      bearerOf(await ask(await issuer.issue({ aud: HERE, signalbox_sessions: "blue" }))),
    ];

    expect([opens(any, "red"), opens(blue, "red"), opens(blue, "blue")]).toEqual([true, false, true]);
  });
});

describe("the keys of the issuer", () => {
  it("are asked for once, however many tokens come", async () => {
    const { ask } = judge();
    const token = await issuer.issue({ aud: HERE });
    issuer.asked.length = 0;

    await Promise.all(Array.from({ length: 20 }, () => ask(token)));
    await ask(token);

    expect(issuer.asked).toEqual(["/.well-known/oauth-authorization-server", "/keys"]);
  });

  it("are asked for again when a token names one that came later, and not for each that names none", async () => {
    await using own = await startIssuer({ nowS: NOW_S });
    const { ask, clock } = judge({ issuer: own.url });
    await ask(await own.issue({ aud: HERE }));
    await own.changeKey("second");
    const [later, never] = [await own.issue({ aud: HERE }), await own.issue({ aud: HERE }, { kid: "never" })];
    own.asked.length = 0;

    expect(await ask(later)).toEqual({ refused: expect.stringMatching(/does not publish/) as string });
    clock.nowMs += 31_000;
    expect(await ask(later)).toMatchObject({ bearer: { name: "u-1" } });
    for (let time = 0; time < 5; time += 1)
      expect(await ask(never)).toMatchObject({ refused: expect.stringMatching(/does not publish/) as string });
    expect(own.asked.filter((path) => path === "/keys")).toHaveLength(1);
  });

  it.each([
    { name: "OpenID Connect", path: "/realms/a", metadata: "/realms/a/.well-known/openid-configuration" },
    { name: "OAuth with a path", path: "/realms/a", metadata: "/.well-known/oauth-authorization-server/realms/a" },
  ])("are found as $name has it", async ({ path, metadata }) => {
    await using own = await startIssuer({ nowS: NOW_S, path, metadata });

    expect(await judge({ issuer: own.url }).ask(await own.issue({ aud: HERE }))).toMatchObject({ bearer: { name: "u-1" } });
  });

  it("are gone by for an hour when the issuer does not answer", async () => {
    await using own = await startIssuer({ nowS: NOW_S });
    const { ask, clock, warnings } = judge({ issuer: own.url });
    const token = await own.issue({ aud: HERE, exp: NOW_S + 100_000 });
    await ask(token);
    own.instead = (_request, response) => response.writeHead(503).end();
    own.asked.length = 0;

    clock.nowMs += 601_000;
    expect([await ask(token), await ask(token)]).toMatchObject([{ bearer: { name: "u-1" } }, { bearer: { name: "u-1" } }]);
    expect(warnings).toHaveLength(1);
    clock.nowMs += 3_600_000;
    expect(await ask(token)).toEqual({ silentForMs: 5_000 });
    own.instead = undefined;
    clock.nowMs += 5_001;
    expect(await ask(token)).toMatchObject({ bearer: { name: "u-1" } });
  });

  it.each<{ name: string; instead: TestIssuer["instead"]; says: RegExp }>([
    { name: "breaks off", instead: (request) => request.socket.destroy(), says: /fetch failed/ },
    { name: "answers in no JSON", instead: (_request, response) => response.end("<html>"), says: /JSON/ },
    {
      name: "speaks of another issuer",
      instead: (_request, response) => response.end('{"issuer":"https://other.example","jwks_uri":"https://other.example/keys"}'),
      says: /another issuer/,
    },
    {
      name: "sends elsewhere",
      instead: (_request, response) => response.writeHead(302, { location: "http://192.0.2.1/" }).end(),
      says: /redirect/,
    },
    { name: "never ends", instead: (_request, response) => void response.write(" ".repeat(300_000)), says: /more than 262144 bytes/ },
  ])("are nobody's fault who $name, and are asked for no more for a while", async ({ instead, says }) => {
    await using own = await startIssuer({ nowS: NOW_S });
    const { ask, clock, warnings } = judge({ issuer: own.url });
    own.instead = instead;
    const token = await own.issue({ aud: HERE });

    expect(await Promise.all([ask(token), ask(token)])).toEqual([{ silentForMs: 5_000 }, { silentForMs: 5_000 }]);
    const asked = own.asked.length;
    clock.nowMs += 4_000;
    expect(await ask(token)).toEqual({ silentForMs: 1_000 });
    expect(own.asked).toHaveLength(asked);
    expect(warnings).toEqual([{ issuer: own.url, error: expect.stringMatching(says) as string }]);
    expect(JSON.stringify(warnings)).not.toContain(token);
  });

  it("are not asked for at an address that anybody on the way could answer for", async () => {
    await using own = await startIssuer({ nowS: NOW_S });
    const { ask, warnings } = judge({ issuer: own.url });
    own.instead = (_request, response) => response.end(JSON.stringify({ issuer: own.url, jwks_uri: "http://192.0.2.1/keys" }));

    expect(await ask(await own.issue({ aud: HERE }))).toEqual({ silentForMs: 5_000 });
    expect(warnings).toEqual([{ issuer: own.url, error: expect.stringMatching(/begins with https/) as string }]);
  });
});
