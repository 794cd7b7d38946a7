import { describe, expect, it } from "vitest";
import type { KeyTable } from "../../wire/key-table.ts";
import { createSignatures, isSigned } from "./signatures.ts";
import { newKey, signed, type SignedWith } from "./signing.test.fixture.ts";

const NOW_S = 1_800_000_000;
const [ana, anaToo, bo, stranger] = [newKey(), newKey(), newKey(), newKey()];
const TABLE = {
  "ana-key": { public_key: ana.x, allowed_sessions: ["red"], holder: "ana", roles: ["owner"] },
  "ana-new-key": { public_key: anaToo.x, allowed_sessions: ["red"], holder: "ana", roles: ["owner"] },
  "bo-key": { public_key: bo.x, allowed_sessions: ["red", "blue"] },
} as unknown as KeyTable;

const URL_OF_MCP = "https://signalbox.example.org/mcp?profile=core";
const BODY = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const POST = { method: "POST", url: URL_OF_MCP, body: BODY };
const BY_ANA: SignedWith = { key: ana.key, keyId: "ana-key", created: NOW_S, more: ';nonce="n"' };

function verifier({ beganS = NOW_S - 1_000 } = {}) {
  let nowMs = beganS * 1_000;
  const signatures = createSignatures({ table: TABLE, beganAtMs: nowMs, nowMs: () => nowMs });
  nowMs = NOW_S * 1_000;
  return signatures;
}

type Sent = Partial<{ method: string; url: string; body: string; headers: Record<string, string> }>;

const judge = (headers: Record<string, string>, sent: Sent = {}, session = "red", by = verifier()) =>
  by.judge(
    {
      method: sent.method ?? "POST",
      target: new URL(sent.url ?? URL_OF_MCP),
      headers: new Headers({ ...headers, ...sent.headers }),
      body: Buffer.from(sent.body ?? BODY),
    },
    session,
  );

describe("a request whose body is to come", () => {
  const judgeBefore = (by: ReturnType<typeof verifier>, headers: Record<string, string>, session = "red") =>
    by.judge({ method: "POST", target: new URL(URL_OF_MCP), headers: new Headers(headers), body: "to come" }, session);
  const take = (by: ReturnType<typeof verifier>, headers: Record<string, string>, body = BODY) =>
    by.take({ headers: new Headers(headers), body: Buffer.from(body) });

  it("is its holder's by its headers, and its signature is taken with the body that it is of", () => {
    const by = verifier();
    const headers = signed(POST, BY_ANA);

    expect([judgeBefore(by, headers), judgeBefore(by, headers)]).toMatchObject([{ holder: "ana" }, { holder: "ana" }]);
    expect(take(by, headers, BODY.replace("1", "2"))).toMatchObject({ because: "credential" });
    expect(take(by, headers)).toBe(undefined);
    expect(take(by, headers)).toMatchObject({ because: "credential" });
    expect(judgeBefore(by, headers)).toMatchObject({ because: "credential" });
    expect(judge(headers, {}, "red", by)).toMatchObject({ because: "credential" });
  });

  it("has to say in what is signed which body that will be", () => {
    expect(judgeBefore(verifier(), signed(POST, { ...BY_ANA, covers: ["@method", "@target-uri"] }))).toMatchObject({
      because: "credential",
    });
  });
});

describe("a request that is signed", () => {
  it.each<{ name: string; by?: Partial<SignedWith> }>([
    { name: "is its holder's" },
    { name: "may say its algorithm", by: { more: ';alg="ed25519"' } },
    { name: "may cover its parts one by one", by: { covers: ["@method", "@authority", "@path", "@query", "content-digest"] } },
    { name: "may be as old as the window", by: { created: NOW_S - 300 } },
    { name: "may be as far ahead as the window", by: { created: NOW_S + 300 } },
    { name: "may say until when it is good", by: { more: `;expires=${NOW_S + 1}` } },
    { name: "may say whom it is for", by: { more: ';tag="mcp"' } },
    { name: "may have any label", by: { label: "*a.b-1" } },
  ])("$name", ({ by = {} }) => {
    const judged = judge(signed(POST, { ...BY_ANA, ...by }));

    expect(judged).toMatchObject({
      holder: "ana",
      identity: { method: "custom", issuer: "key-table", fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string, roles: ["owner"] },
    });
  });

  it.each<{ name: string; by?: Partial<SignedWith>; sent?: Sent; says: RegExp }>([
    { name: "with another method", sent: { method: "DELETE" }, says: /not of this request/ },
    { name: "for another address", sent: { url: "https://signalbox.example.com/mcp?profile=core" }, says: /not of this request/ },
    { name: "for another path", sent: { url: "https://signalbox.example.org/session/red/mcp?profile=core" }, says: /not of this request/ },
    { name: "for another query", sent: { url: "https://signalbox.example.org/mcp" }, says: /not of this request/ },
    { name: "for another body", sent: { body: BODY.replace("1", "2") }, says: /Content-Digest is not the sha-256 or sha-512/ },
    { name: "without a body that had one", sent: { body: "" }, says: /Content-Digest is not the sha-256 or sha-512/ },
    { name: "without the digest that it covers", sent: { headers: { "content-digest": "" } }, says: /not of this request/ },
    { name: "for a session that it does not cover", sent: { headers: { "mcp-session-id": "s" } }, says: /cover mcp-session-id too/ },
    { name: "without its body", by: { covers: ["@method", "@target-uri"] }, says: /cover content-digest too/ },
    { name: "without its address", by: { covers: ["@method", "content-digest"] }, says: /cover @target-uri too/ },
    { name: "without anything", by: { covers: [] }, says: /cover @method and content-digest and @target-uri too/ },
    { name: "too long ago", by: { created: NOW_S - 301 }, says: /more than 300 s from now/ },
    { name: "too far ahead", by: { created: NOW_S + 301 }, says: /more than 300 s from now/ },
    { name: "and expired", by: { more: `;expires=${NOW_S}` }, says: /has expired/ },
    { name: "with another algorithm", by: { more: ';alg="hmac-sha256"' }, says: /alg is not ed25519/ },
    { name: "with a nonce that is no text", by: { more: ";nonce=7" }, says: /nonce is no text/ },
    { name: "with an empty nonce", by: { more: ';nonce=""' }, says: /nonce is no text/ },
    { name: "with a key of a stranger", by: { keyId: "cy-key" }, says: /no signature here names a key that is known/ },
    { name: "in the name of another's key", by: { key: stranger.key }, says: /not of this request/ },
    { name: "with a key that is named like a member of every object", by: { keyId: "toString" }, says: /no signature here names a key/ },
    { name: "covering a part twice", by: { covers: ["@method", "@method", "@target-uri", "content-digest"] }, says: /a part twice/ },
    { name: "covering what is not there", by: { covers: ["@method", "@target-uri", "content-digest", "x-none"] }, says: /does not have/ },
  ])("$name is refused", ({ by = {}, sent = {}, says }) => {
    const judged = judge(signed(POST, { ...BY_ANA, ...by }), sent);

    expect(judged).toEqual({ refused: expect.stringMatching(says) as string, because: "credential" });
  });

  it.each<{ name: string; change: (headers: Record<string, string>) => Record<string, string | undefined>; says: RegExp }>([
    {
      name: "has no Signature",
      change: ({ "signature-input": input }) => ({ "signature-input": input }),
      says: /names a key that is known/,
    },
    { name: "has no Signature-Input", change: ({ signature }) => ({ signature }), says: /names a key that is known/ },
    {
      name: "has another label",
      change: (all) => ({ ...all, signature: all["signature"]?.replace("sig1", "sig2") }),
      says: /names a key that is known/,
    },
    {
      name: "has its label twice",
      change: (all) => ({ ...all, signature: `${all["signature"]}, ${all["signature"]}` }),
      says: /cannot be read/,
    },
    { name: "has no dictionary", change: (all) => ({ ...all, "signature-input": "sig1=(" }), says: /cannot be read/ },
    { name: "has one that is cut", change: (all) => ({ ...all, signature: "sig1=:AAAA:" }), says: /64 bytes/ },
    {
      name: "has no time",
      change: (all) => ({ ...all, "signature-input": all["signature-input"]?.replace(/;created=\d+/, "") }),
      says: /created is missing/,
    },
    {
      name: "names no list",
      change: (all) => ({ ...all, "signature-input": 'sig1="@method";keyid="ana-key"' }),
      says: /names a key that is known/,
    },
  ])("and $name is refused", ({ change, says }) => {
    const headers = Object.fromEntries(Object.entries(change(signed(POST, BY_ANA))).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;

    expect(judge(headers)).toEqual({ refused: expect.stringMatching(says) as string, because: "credential" });
  });

  it("counts by the one key that is known, whatever else somebody on the way has added", () => {
    const own = signed(POST, BY_ANA);
    const proxy = signed(POST, { key: stranger.key, keyId: "proxy", created: NOW_S, label: "proxy" });
    const both = {
      ...own,
      "signature-input": `${proxy["signature-input"]}, ${own["signature-input"]}`,
      signature: `${proxy["signature"]}, ${own["signature"]}`,
    };
    const bos = signed(POST, { key: bo.key, keyId: "bo-key", created: NOW_S, label: "bo" });
    const two = {
      ...own,
      "signature-input": `${bos["signature-input"]}, ${own["signature-input"]}`,
      signature: `${bos["signature"]}, ${own["signature"]}`,
    };

    expect(judge(both)).toMatchObject({ holder: "ana" });
    expect(judge(two)).toMatchObject({ refused: expect.stringMatching(/several signatures/) as string });
  });

  it("without a body needs no digest", () => {
    const get = { method: "GET", url: URL_OF_MCP };

    expect(judge(signed(get, BY_ANA), { method: "GET", body: "" })).toMatchObject({ holder: "ana" });
  });
});

describe("a signature", () => {
  it("is taken once, and of a nonce one", () => {
    const by = verifier();
    const [first, otherNonce, sameNonce] = [
      signed(POST, BY_ANA),
      signed(POST, { ...BY_ANA, more: ';nonce="m"' }),
      signed(POST, { ...BY_ANA, created: NOW_S - 1 }),
    ].map((headers) => () => judge(headers, {}, "red", by)) as [() => unknown, () => unknown, () => unknown];
    const again = { refused: expect.stringMatching(/taken already/) as string, because: "credential" };

    expect([first(), first(), otherNonce(), sameNonce()]).toEqual([
      expect.objectContaining({ holder: "ana" }),
      again,
      expect.objectContaining({ holder: "ana" }),
      again,
    ]);
  });

  it("without a nonce is taken once too", () => {
    const by = verifier();
    const headers = signed(POST, { ...BY_ANA, more: "" });

    expect([judge(headers, {}, "red", by), judge(headers, {}, "red", by)]).toMatchObject([{ holder: "ana" }, { because: "credential" }]);
  });

  it("that does not hold uses no nonce up", () => {
    const by = verifier();
    judge(signed(POST, { ...BY_ANA, key: stranger.key }), {}, "red", by);

    expect(judge(signed(POST, BY_ANA), {}, "red", by)).toMatchObject({ holder: "ana" });
  });

  it("from before this process is refused, since another may have taken it", () => {
    const before = judge(signed(POST, { ...BY_ANA, created: NOW_S - 6 }), {}, "red", verifier({ beganS: NOW_S - 5 }));
    const after = judge(signed(POST, { ...BY_ANA, created: NOW_S - 5 }), {}, "red", verifier({ beganS: NOW_S - 5 }));

    expect([before, after]).toMatchObject([{ refused: expect.stringMatching(/before this sidecar began/) as string }, { holder: "ana" }]);
  });
});

describe("a key", () => {
  it("opens the sessions that it names", () => {
    expect(judge(signed(POST, BY_ANA), {}, "blue")).toEqual({
      refused: expect.stringMatching(/not for this session/) as string,
      because: "session",
    });
    expect(judge(signed(POST, { ...BY_ANA, key: bo.key, keyId: "bo-key" }), {}, "blue")).toMatchObject({ holder: undefined });
  });

  it("names them without being looked at", () => {
    const by = verifier();
    const sessionsOf = (keyId: string) => by.sessionsOf(new Headers(signed(POST, { ...BY_ANA, keyId })));

    expect([sessionsOf("ana-key"), sessionsOf("bo-key"), sessionsOf("cy-key")]).toEqual([
      new Set(["red"]),
      new Set(["red", "blue"]),
      undefined,
    ]);
  });

  it("may be changed, and its holder stays who that is", () => {
    const [before, after] = [BY_ANA, { ...BY_ANA, key: anaToo.key, keyId: "ana-new-key" }].map((by) => judge(signed(POST, by)));

    expect(after).toEqual({ ...before, stands: expect.any(Function) as unknown });
  });

  it("is told from another of its holder, by what it is and not by its id", () => {
    const by = verifier();
    const { stands } = judge(signed(POST, BY_ANA), {}, "red", by) as { stands: () => boolean };
    const own = TABLE["ana-key"];
    const given = { "ana-key": { ...own, holder: "bo" }, "ana-new-key": TABLE["ana-new-key"] };
    const tables = [TABLE, { "ana-again": own }, { "ana-key": { ...own, public_key: anaToo.x } }, given];

    const stood = tables.map((table) => {
      by.renew(table as KeyTable);
      return stands();
    });

    expect(stood).toEqual([true, true, false, false]);
  });

  it("that is taken from the table opens nothing from then on", () => {
    const by = verifier();
    const { identity } = judge(signed(POST, BY_ANA), {}, "red", by) as { identity: { fingerprint: string } };
    const known = () => [by.knows(identity.fingerprint, "red"), by.knows(identity.fingerprint, "blue")];
    const before = known();

    by.renew({ "bo-key": TABLE["bo-key"] } as KeyTable);

    expect([before, known()]).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(judge(signed(POST, { ...BY_ANA, more: ';nonce="m"' }), {}, "red", by)).toMatchObject({ because: "credential" });
  });
});

it("is said to be there by either header", () => {
  expect(
    [{ signature: "" }, { "signature-input": "" }, { authorization: "x" }].map((headers) =>
      isSigned(new Headers(headers as Record<string, string>)),
    ),
  ).toEqual([true, true, false]);
});
