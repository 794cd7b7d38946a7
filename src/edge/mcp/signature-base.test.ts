import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { baseOf, coveredBy, isDigestRight, missingIn, type Signed } from "./signature-base.ts";
import { type InnerList, readDictionary } from "./structured-fields.ts";

const inputOf = (text: string) => readDictionary(`s=${text}`)?.get("s") as InnerList;

/** The request of RFC 9421, appendix B.2. */
const EXAMPLE: Signed & { readonly body: Uint8Array } = {
  method: "POST",
  target: new URL("https://example.com/foo?param=Value&Pet=dog"),
  headers: new Headers({
    date: "Tue, 20 Apr 2021 02:07:55 GMT",
    "content-type": "application/json",
    "content-digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    "content-length": "18",
  }),
  body: Buffer.from('{"hello": "world"}'),
};

it("is for the example of the RFC what its key has signed", () => {
  const text = '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const input = inputOf(text);
  const base = baseOf(input, coveredBy(input) ?? [], EXAMPLE) ?? "";
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs" }, format: "jwk" });
  const signature = Buffer.from("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==", "base64");

  expect(base.split("\n")).toEqual([
    '"date": Tue, 20 Apr 2021 02:07:55 GMT',
    '"@method": POST',
    '"@path": /foo',
    '"@authority": example.com',
    '"content-type": application/json',
    '"content-length": 18',
    `"@signature-params": ${text}`,
  ]);
  expect(verify(null, Buffer.from(base), key, signature)).toBe(true);
  expect(isDigestRight(EXAMPLE)).toBe(true);
});

describe("a part of the request", () => {
  it.each([
    ["@method", "POST"],
    ["@target-uri", "https://example.com/foo?param=Value&Pet=dog"],
    ["@authority", "example.com"],
    ["@scheme", "https"],
    ["@request-target", "/foo?param=Value&Pet=dog"],
    ["@path", "/foo"],
    ["@query", "?param=Value&Pet=dog"],
    ["content-length", "18"],
  ])("%s stands there as %s", (name, value) => {
    expect(baseOf(inputOf(`("${name}")`), [name], EXAMPLE)).toBe(`"${name}": ${value}\n"@signature-params": ("${name}")`);
  });

  it.each(["@status", "@signature-params", "@query-param", "x-none", "Content-Length", 'a": b\n"c', ""])("%j is none", (name) => {
    expect(baseOf(inputOf("()"), [name], EXAMPLE)).toBeUndefined();
  });

  it("is a question mark alone without a query", () => {
    expect(baseOf(inputOf('("@query")'), ["@query"], { ...EXAMPLE, target: new URL("https://example.com/foo") })).toContain(
      '"@query": ?\n',
    );
  });

  it.each(['("a" "a")', '("a";sf)', "(a)", "(:YQ==:)"])("is asked for in no way that is known by %s", (text) => {
    expect(coveredBy(inputOf(text))).toBeUndefined();
  });
});

describe("what has to be covered", () => {
  const bare = { ...EXAMPLE, body: new Uint8Array(), target: new URL("https://example.com/mcp") };
  const session = { ...bare, headers: new Headers({ "mcp-session-id": "s" }) };
  it.each<{ name: string; covered: string[]; of: Signed; missing: string[] }>([
    { name: "is enough", covered: ["@method", "@target-uri"], of: bare, missing: [] },
    { name: "is enough in parts", covered: ["@method", "@authority", "@path"], of: bare, missing: [] },
    { name: "is the method", covered: ["@target-uri"], of: bare, missing: ["@method"] },
    { name: "is the address", covered: ["@method", "@path"], of: bare, missing: ["@target-uri"] },
    {
      name: "is the query where there is one",
      covered: ["@method", "@authority", "@path", "content-digest"],
      of: EXAMPLE,
      missing: ["@target-uri"],
    },
    { name: "is the body where there is one", covered: ["@method", "@target-uri"], of: EXAMPLE, missing: ["content-digest"] },
    { name: "is all of it with a body", covered: ["@method", "@authority", "@path", "@query", "content-digest"], of: EXAMPLE, missing: [] },
    { name: "is the session that is named", covered: ["@method", "@target-uri"], of: session, missing: ["mcp-session-id"] },
    { name: "is no more than that with a session", covered: ["@method", "@target-uri", "mcp-session-id"], of: session, missing: [] },
    { name: "is everything", covered: [], of: EXAMPLE, missing: ["@method", "content-digest", "@target-uri"] },
  ])("$name", ({ covered, of, missing }) => {
    expect(missingIn(covered, of)).toEqual(missing);
  });
});

describe("the digest of a body", () => {
  const good = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
  const longer = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
  const withDigest = (digest: string | undefined, body = EXAMPLE.body) => ({
    ...EXAMPLE,
    body,
    headers: new Headers(digest === undefined ? {} : { "content-digest": digest }),
  });

  it.each([
    { name: "is right", signed: withDigest(good), is: true },
    { name: "is right as the longer one that there is", signed: withDigest(longer), is: true },
    { name: "is of other bytes as the longer one", signed: withDigest(longer, Buffer.from('{"hello": "World"}')), is: false },
    { name: "is right beside another", signed: withDigest(`sha-512=:AAAA:, ${good}`), is: true },
    { name: "is of other bytes", signed: withDigest(good, Buffer.from('{"hello": "World"}')), is: false },
    { name: "is cut", signed: withDigest("sha-256=:X48E9qOokqqrvdts8nOJRA==:"), is: false },
    { name: "is text", signed: withDigest('sha-256="X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="'), is: false },
    { name: "is by another algorithm", signed: withDigest("md5=:AAAA:"), is: false },
    { name: "is there twice", signed: withDigest(`${good}, ${good}`), is: false },
    { name: "is missing", signed: withDigest(undefined), is: false },
    { name: "is missing without a body", signed: withDigest(undefined, Buffer.alloc(0)), is: true },
    { name: "is of a body that is not there", signed: withDigest(good, Buffer.alloc(0)), is: false },
  ])("$name", ({ signed, is }) => {
    expect(isDigestRight(signed)).toBe(is);
  });
});
