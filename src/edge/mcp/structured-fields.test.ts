import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dictionary, type InnerList, readDictionary, writeInnerList } from "./structured-fields.ts";

/** As JSON has it, for a row to say. */
function plain(dictionary: Dictionary | undefined): unknown {
  if (dictionary === undefined) return undefined;
  const bare = (value: unknown) => (value instanceof Uint8Array ? { bytes: Buffer.from(value).toString("latin1") } : value);
  const parameters = (of: ReadonlyMap<string, unknown>) => Object.fromEntries(Array.from(of, ([key, value]) => [key, bare(value)]));
  return Object.fromEntries(
    Array.from(dictionary, ([key, member]) => [
      key,
      "items" in member
        ? [member.items.map(({ value, parameters: own }) => [bare(value), parameters(own)]), parameters(member.parameters)]
        : [bare(member.value), parameters(member.parameters)],
    ]),
  );
}

describe("a dictionary", () => {
  it.each([
    { text: "", gives: {} },
    { text: "a=1", gives: { a: [1, {}] } },
    { text: "a=-15, b;x", gives: { a: [-15, {}], b: [true, { x: true }] } },
    { text: 'a="q\\"\\\\";b=?0', gives: { a: ['q"\\', { b: false }] } },
    { text: "sig=:aGk=:, other=tok/en", gives: { sig: [{ bytes: "hi" }, {}], other: [{ token: "tok/en" }, {}] } },
    { text: "a=() \t,\t b=2", gives: { a: [[], {}], b: [2, {}] } },
    {
      text: 'sig1=("@method"  "a";key="b" );created=7; keyid="k"',
      gives: {
        sig1: [
          [
            ["@method", {}],
            ["a", { key: "b" }],
          ],
          { created: 7, keyid: "k" },
        ],
      },
    },
  ])("$text is read", ({ text, gives }) => {
    expect(plain(readDictionary(text))).toEqual(gives);
  });

  it.each([
    ["has a member twice", "a=1, a=2"],
    ["has a parameter twice", "a=(1);x=1;x=2"],
    ["ends with a comma", "a=1,"],
    ["has no comma", "a=1 b=2"],
    ["has a name in capitals", "A=1"],
    ["has no name", "=1"],
    ["has no value behind the sign", "a="],
    ["has a list without an end", 'a=("b"'],
    ["has a list within a list", 'a=(("b"))'],
    ["has a list whose parts touch", 'a=("b""c")'],
    ["has a text without an end", 'a="b'],
    ["has a text with a line break", 'a="b\nc"'],
    ["has a text with letters of another script", 'a="é"'],
    ["escapes a letter", 'a="\\n"'],
    ["has a decimal", "a=1.5"],
    ["has a number that is too long", "a=1234567890123456"],
    ["has bytes in no base64", "a=:a-b:"],
    ["has a boolean that is none", "a=?2"],
    ["has a space before the equals sign", "a =1"],
    ["has a parameter without a name", "a=1;"],
  ])("that %s is none", (_name, text) => {
    expect(readDictionary(text)).toBeUndefined();
  });
});

const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,8}$/);
const bare = fc.oneof(
  fc.stringMatching(/^[\x20-\x7e]{0,12}$/),
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
  fc.boolean(),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,8}$/).map((token) => ({ token })),
);
const parameters = fc.dictionary(key, bare, { maxKeys: 3, noNullPrototype: true }).map((members) => new Map(Object.entries(members)));
const list: fc.Arbitrary<InnerList> = fc.record({ items: fc.array(fc.record({ value: bare, parameters }), { maxLength: 4 }), parameters });

it("reads each inner list as it writes it", () => {
  fc.assert(
    fc.property(key, list, (name, written) => {
      const read = readDictionary(`${name}=${writeInnerList(written)}`)?.get(name);

      expect(read).toEqual(written);
    }),
  );
});

it("reads anything or nothing, and never breaks", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc
      .array(fc.constantFrom("a", "=", "(", ")", '"', "\\", ":", ";", ",", " ", "?1", "9", "é", "\0"), { maxLength: 40 })
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const read = readDictionary(text);

      for (const [, member] of read ?? []) {
        const again = "items" in member ? readDictionary(`a=${writeInnerList(member)}`)?.get("a") : member;
        expect(again).toEqual(member);
      }
    }),
  );
});

it("says of a header as long as any that it is none, without going back over it", () => {
  const long = 16_000;
  const texts = [
    " ".repeat(long),
    "a=1".padEnd(long, " "),
    `a=${'"'.padEnd(long, "\\\\")}`,
    "a;".repeat(long / 2),
    "a=(".padEnd(long, "("),
    `a=:${"A".repeat(long)}`,
  ];

  expect(texts.map((text) => readDictionary(`${text}\0`))).toEqual(texts.map(() => undefined));
});
