import { createHash, createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalEnvelope, compact, quoted, readEnvelope, travellingEnvelope } from "./canonical.ts";
import vectors from "./vectors.test.fixture.json" with { type: "json" };

/** An envelope of ana with that body, as JSON text. */
const withBody = (body: string): string => `{"protocol_version":"v1","id":"1","from":"ana","to":"bo","kind":"msg","body":${body}}`;
/** @throws Error when it is none */
function canonicalOf(text: string): string {
  const envelope = readEnvelope(text);
  if (envelope === undefined) throw new Error("this is no envelope");
  return canonicalEnvelope(envelope);
}
const bodyOf = (text: string): string | undefined => readEnvelope(text)?.body;

describe("the vectors of the original", () => {
  it.each(vectors)("$name", ({ wire_input, canonical, canonical_sha256, secret, hmac, relayed }) => {
    const envelope = readEnvelope(wire_input);

    const text = envelope && canonicalEnvelope(envelope);

    expect(text).toBe(canonical);
    expect(createHash("sha256").update(canonical).digest("hex")).toBe(canonical_sha256);
    expect(createHmac("sha256", secret).update(canonical).digest("hex")).toBe(hmac);
    expect(envelope && travellingEnvelope({ ...envelope, hmac })).toBe(relayed);
  });
});

describe("reading an envelope", () => {
  it.each([
    { name: "the last of two wins", text: '{"id":"1","ID":"2","iD":"3"}', gives: { id: "3" } },
    { name: "null says nothing", text: '{"id":"1","id":null}', gives: { id: "1" } },
    { name: "the last of two bodies wins, null too", text: '{"body":1,"Body":null}', gives: { body: "null" } },
    { name: "the long s and the sign of Kelvin are letters", text: '{"t\u017f":"t","\u212aind":"msg"}', gives: { ts: "t", kind: "msg" } },
    { name: "the dotless i is none", text: '{"\u0131d":"1"}', gives: { id: "" } },
    { name: "an escaped name is a name", text: '{"\\u0069d":"1"}', gives: { id: "1" } },
    { name: "__proto__ is a name like others", text: '{"__proto__":{"id":"1"},"constructor":1}', gives: { id: "" } },
    { name: "null is an envelope without members", text: " null\n", gives: { id: "", body: "null" } },
    { name: "surrogates that stand alone are U+FFFD", text: '{"id":"\\udc00\\ud800\\ud83d\\ude00"}', gives: { id: "\ufffd\ufffd😀" } },
    { name: "white space may stand between parts", text: '\t{ "id" :\r\n"1" , "to":"bo" }\n', gives: { id: "1", to: "bo" } },
  ])("$name", ({ text, gives }) => {
    expect(readEnvelope(text)).toMatchObject(gives);
  });

  it.each([
    "",
    "[]",
    '"text"',
    "{}x",
    "{} {}",
    "\ufeff{}",
    "\u00a0{}",
    '{"id":"1"',
    '{"id":"1",}',
    '{"id" "1"}',
    "{id:1}",
    '{"id":1}',
    '{"id":"1","ID":[]}',
    '{"hmac":true}',
    '{"id":"a\u0000b"}',
    '{"id":"\\x41"}',
    '{"id":"\\u12g4"}',
    '{"id":"\\u123"}',
    '{"id":"\\',
    ...["01", "1.", ".5", "+1", "-", "1e", "NaN", "tru", "[1,]", "[,1]", "[1 2]", '{"a":1,}', '{"a"}', "{1:1}", "'a'", "[}", "{]"].map(
      withBody,
    ),
  ])("refuses %j", (text) => {
    expect(readEnvelope(text)).toBeUndefined();
  });

  it.each(["[]", "{}", "-0", "1e+5", "0.10E-2", '""', '[[],{"a":[{}]}]', "12345678901234567890"])("keeps the body %s as it is", (body) => {
    expect(bodyOf(withBody(body))).toBe(body);
    expect(bodyOf(withBody(` ${body}\n`))).toBe(body);
  });

  it.each([
    { name: "lists", body: (depth: number) => "[".repeat(depth) + "]".repeat(depth) },
    { name: "objects", body: (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth) },
  ])("takes $name as deep as Go does, and no deeper", ({ body }) => {
    expect(bodyOf(withBody(body(9_999)))).toBe(body(9_999));
    expect(readEnvelope(withBody(body(10_000)))).toBeUndefined();
    expect(readEnvelope(withBody("[".repeat(1_000_000)))).toBeUndefined();
  });

  it.each([
    ["digits", "1".repeat(1_000_000)],
    ["escapes", `"${"\\n".repeat(500_000)}"`],
    ["escaped surrogates", `"${"\\ud800".repeat(160_000)}"`],
    ["empty values", `[${"{},".repeat(300_000)}[]]`],
  ])("reads a megabyte of %s", (_name, body) => {
    expect(bodyOf(withBody(body))).toBe(body);
  });

  it("takes a megabyte of white space away", () => {
    expect(bodyOf(withBody(`[${" 1 ,\n".repeat(200_000)}1]`))).toBe(`[${"1,".repeat(200_000)}1]`);
  });
});

const anyJson = fc.json({ maxDepth: 6 });
const anyText = fc.string({ unit: "binary" });
const anySpace = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

describe("whatever is said", () => {
  it("is spelt the same when the spelling is read again", () => {
    fc.assert(
      fc.property(fc.record({ id: anyText, to: anyText, kind: anyText, body: anyJson }), ({ body, ...strings }) => {
        const text = JSON.stringify(strings).replace("{", () => `{"body":${body},`);

        const once = canonicalOf(text);
        const twice = canonicalOf(once);

        expect(twice).toBe(once);
        expect(JSON.parse(once)).toMatchObject(
          Object.fromEntries(Object.entries(strings).map(([name, said]) => [name, said.toWellFormed()])),
        );
      }),
    );
  });

  it("means the same to a reader of JSON, and takes no white space", () => {
    fc.assert(
      fc.property(anyJson, anySpace, (body, space) => {
        const spread = JSON.stringify(JSON.parse(body), undefined, space);
        const read = bodyOf(withBody(spread)) ?? "";

        expect(JSON.parse(read)).toEqual(JSON.parse(body));
        expect(JSON.stringify(JSON.parse(read))).toBe(JSON.stringify(JSON.parse(body)));
        expect(read).toBe(compact(JSON.stringify(JSON.parse(body))));
        expect(read).not.toMatch(/[<>&\u2028\u2029]/);
      }),
    );
  });

  it("is taken exactly when JSON.parse takes it", () => {
    const anyBroken = fc
      .tuple(anyJson, fc.nat(), fc.constantFrom("", ",", '"', "}", "]", "\\", "0", "e", "\u0001", "-", ":"))
      .map(([json, place, change]) => json.slice(0, place % (json.length + 1)) + change + json.slice((place % (json.length + 1)) + 1));
    const parses = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };

    fc.assert(
      fc.property(anyBroken, (body) => {
        expect(readEnvelope(`{"body":[${body}]}`) !== undefined).toBe(parses(`[${body}]`));
      }),
      { numRuns: 1_000 },
    );
  });

  it("comes back from a quoted string", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(quoted(text))).toBe(text.toWellFormed());
      }),
    );
  });
});
