/** What we write by RFC 8785 is what the library writes, whatever the value is. */
import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../wire/json.ts";
import { canonical, canonicalWith } from "./canonical.ts";

/** Names that sort, or are kept, in a way of their own. */
const ODD_NAMES = [
  "__proto__",
  "constructor",
  "toJSON",
  "",
  "10",
  "9",
  "-0",
  "\u{1f6a6}",
  "\uffff",
  "\u20ac",
  "é",
  "\r",
  '"',
  "\\ud800",
  "a\u0000",
];
const anyName = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...ODD_NAMES));
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.constantFrom("\u2028", "\u007f", "\b\f\n\t", "</script>", "\\"));
const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(-0, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53, 0.1 + 0.2),
);

const { value: anyJson, members: anyMembers } = fc.letrec<{ value: Json; members: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(anyText, anyNumber, fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 5 }),
    tie("members"),
  ),
  members: fc
    .array(fc.tuple(anyName, fc.oneof({ weight: 9, arbitrary: tie("value") }, { weight: 1, arbitrary: fc.constant(undefined) })), {
      maxLength: 24,
    })
    .map((entries) => Object.fromEntries(entries) as JsonObject),
}));

describe("the canonical form", () => {
  it("is what the library writes", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonical(value)).toBe(canonicalize(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the same whichever member of an object was written before", () => {
    fc.assert(
      fc.property(anyMembers, anyName, anyJson, (others, name, member) => {
        const members = Object.fromEntries([...Object.entries(others), [name, member]]) as JsonObject;
        expect(canonicalWith(members, name, canonical(member))).toBe(canonicalize(members));
      }),
    );
  });

  it("sorts a few members and many alike", () => {
    for (const count of [1, 2, 15, 16, 17, 40]) {
      const members = Object.fromEntries(Array.from({ length: count }, (_, index) => [String.fromCharCode(0xd7ff - 7 * index), index]));
      expect(canonical(members)).toBe(canonicalize(members));
    }
  });

  it("writes names beyond those that it remembers", () => {
    const members = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`name ${index} "\u{e9}`, index]));

    expect([canonical(members), canonical(members)]).toEqual([canonicalize(members), canonicalize(members)]);
  });

  it.each(["\ud800", ["ok", "x\udc00"], { a: { "\udfff": 1 } }, { a: Number.NaN }, [Infinity], -Infinity])(
    "has no text for %j",
    (value) => {
      expect(() => canonical(value)).toThrow(RangeError);
    },
  );
});
