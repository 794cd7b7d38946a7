import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readKeyTable } from "./key-table.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const jwk = publicKey.export({ format: "jwk" });
const x = jwk.x ?? "";
const spki = publicKey.export({ format: "der", type: "spki" });
const exchange = generateKeyPairSync("x25519").publicKey;
const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;

const tableOf = (public_key: unknown, more: object = {}) =>
  JSON.stringify({ "ana-key": { public_key, allowed_sessions: ["red"], ...more } });

describe("a public key", () => {
  it.each([
    { name: "the x of its JWK", given: x },
    { name: "its JWK", given: jwk },
    { name: "a JWK that says more", given: { ...jwk, kid: "k", use: "sig" } },
    { name: "its bytes in base64", given: Buffer.from(x, "base64url").toString("base64") },
    { name: "its PEM", given: publicKey.export({ format: "pem", type: "spki" }) },
    { name: "its PEM in one line", given: publicKey.export({ format: "pem", type: "spki" }).toString().replaceAll("\n", " ") },
    { name: "its SubjectPublicKeyInfo in base64", given: spki.toString("base64") },
  ])("may be given as $name", ({ given }) => {
    expect(readKeyTable(tableOf(given))).toEqual({ table: { "ana-key": { public_key: x, allowed_sessions: ["red"] } } });
  });

  it.each([
    { name: "nothing", given: undefined, says: /public_key/ },
    { name: "an empty text", given: "", says: /no Ed25519 key; write the x/ },
    { name: "one that is too short", given: x.slice(4), says: /no Ed25519 key/ },
    { name: "no base64", given: `${x.slice(1)}!`, says: /no Ed25519 key/ },
    { name: "a key of another kind", given: other.export({ format: "pem", type: "spki" }), says: /no Ed25519 key/ },
    { name: "a key of the same curve for another use", given: exchange.export({ format: "pem", type: "spki" }), says: /no Ed25519 key/ },
    { name: "a JWK of another kind", given: other.export({ format: "jwk" }), says: /no JWK of an Ed25519 key/ },
    { name: "the private half", given: privateKey.export({ format: "pem", type: "pkcs8" }), says: /private half/ },
    { name: "the private JWK", given: privateKey.export({ format: "jwk" }), says: /private half/ },
    { name: "a number", given: 7, says: /public_key/ },
  ])("is not $name", ({ given, says }) => {
    const read = readKeyTable(tableOf(given));

    expect(read).toEqual({ flaw: expect.stringMatching(says) as string });
    expect(JSON.stringify(read)).not.toContain(x.slice(8));
  });
});

describe("a table of keys", () => {
  it("may say whose a key is, and what that one is", () => {
    expect(readKeyTable(tableOf(x, { holder: "ana", roles: ["owner"] }))).toEqual({
      table: { "ana-key": { public_key: x, allowed_sessions: ["red"], holder: "ana", roles: ["owner"] } },
    });
  });

  it.each([
    { name: "no JSON", text: "{", says: /not JSON/ },
    { name: "a list", text: "[]", says: /not a JSON object/ },
    { name: "empty", text: "{}", says: /no entry, so nobody could sign/ },
    { name: "of an id with a space", text: '{"ana key":{}}', says: /id of entry 1/ },
    { name: "of an empty id", text: '{"":{}}', says: /id of entry 1/ },
    { name: "of what is no entry", text: '{"k":7}', says: /entry 1: it is not an object/ },
    { name: "of no session", text: tableOf(x, { allowed_sessions: [] }), says: /names no session/ },
    { name: "of more than there is", text: tableOf(x, { "secret-thing": 1 }), says: /entry 1: it may have public_key/ },
  ])("that is $name cannot be used", ({ text, says }) => {
    const read = readKeyTable(text);

    expect(read).toEqual({ flaw: expect.stringMatching(says) as string });
    expect(JSON.stringify(read)).not.toMatch(/secret|ana key/);
  });
});
