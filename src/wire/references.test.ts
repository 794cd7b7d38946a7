import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_REF, isStateRef, refsEqual, shortRef } from "./references.ts";

const full = `sha256:${"0123456789abcdef".repeat(4)}`;
const anyFull = fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `sha256:${digits}`);

describe("equality of two references", () => {
  it.each([
    { name: "the same in full", a: full, b: full, equal: true },
    { name: "sixteen digits and the whole", a: full.slice(0, 23), b: full, equal: true },
    { name: "the whole and twenty digits", a: full, b: full.slice(0, 27), equal: true },
    { name: "fifteen digits begin it, which is too few", a: full.slice(0, 22), b: full, equal: false },
    { name: "the same fifteen digits, as text", a: full.slice(0, 22), b: full.slice(0, 22), equal: true },
    { name: "another digest", a: full, b: EMPTY_REF, equal: false },
    { name: "upper-case digits are another text", a: full.toUpperCase(), b: full, equal: false },
    { name: "a longer text that a reference begins", a: full, b: `${full}0`, equal: false },
    { name: "the same foreign form", a: "git:abc", b: "git:abc", equal: true },
    { name: "another foreign form", a: "git:abc", b: "git:abcd", equal: false },
    { name: "null and null", a: null, b: null, equal: false },
    { name: "null and a reference", a: null, b: full, equal: false },
    { name: "absent and absent", a: undefined, b: undefined, equal: false },
  ])("$name", ({ a, b, equal }) => {
    expect(refsEqual(a, b)).toBe(equal);
    expect(refsEqual(b, a)).toBe(equal);
  });

  it("holds between a reference and every prefix of it of sixteen digits or more, and never between two digests", () => {
    fc.assert(
      fc.property(anyFull, anyFull, fc.integer({ min: 16, max: 64 }), (a, b, digits) => {
        expect(refsEqual(a, a.slice(0, 7 + digits))).toBe(true);
        expect(refsEqual(a, b)).toBe(a === b);
      }),
      { numRuns: 100 },
    );
  });
});

it("shortens a reference to sixteen digits and leaves other text alone", () => {
  expect(shortRef(full)).toBe("sha256:0123456789abcdef");
  expect(shortRef("sha256:0123456789abcdef")).toBe("sha256:0123456789abcdef");
  expect(shortRef("git:0123456789abcdef0123456789abcdef")).toBe("git:0123456789abcdef0123456789abcdef");
});

it("knows what is a reference", () => {
  expect([EMPTY_REF, full, full.slice(0, 23)].every(isStateRef)).toBe(true);
  expect(["", null, 7, full.slice(0, 22), `${full}0`, `${full}\n`, full.slice(7)].some(isStateRef)).toBe(false);
});
