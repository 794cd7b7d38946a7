import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isManifold } from "./request-body.ts";

const MOST = 4;
const is = (text: string): boolean => isManifold(Buffer.from(text), MOST);

it.each([
  { name: "an object of as many members as may be", text: '{"a":1,"b":2,"c":3,"d":4}', gives: false },
  { name: "one of one more", text: '{"a":1,"b":2,"c":3,"d":4,"e":5}', gives: true },
  { name: "an array", text: "[1,2,3,4,5]", gives: true },
  { name: "what is deep", text: "[[[[[]]]]]", gives: true },
  { name: "a text that only looks like it", text: '["[[[[,,,,{{{{"]', gives: false },
  { name: "a text with quotes in it", text: String.raw`["\",[,[,[,[", "\\"]`, gives: false },
  { name: "what stands behind such a text", text: String.raw`["\\",1,2,3,4]`, gives: true },
  { name: "a text that does not end", text: '"[[[[[[[[[[', gives: false },
])("tells of $name whether it has too many parts: $gives", ({ text, gives }) => {
  expect(is(text)).toBe(gives);
});

it("counts what JSON has, whatever stands in its texts", () => {
  const count = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? Math.max(1, Object.keys(value).length) + Object.values(value).reduce((sum: number, one) => sum + count(one), 0)
      : 0;
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(8), (value, most) => {
      const text = JSON.stringify(value);
      expect(isManifold(Buffer.from(text), most)).toBe(Buffer.byteLength(text) > most && count(value) > most);
    }),
  );
});
