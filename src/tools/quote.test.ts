import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asJson, called, listed, named, plain, quoted } from "./quote.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom("\u001b", "[", "]", "3", "1", "m", "\u009b", '"', "”", "\n", "\u202e", "\u2028", "\ud800", "a", "\u0007"),
    maxLength: 60,
  }),
);

describe("quoted text of others", () => {
  it("is one line between two quotes, without anything unseen, and bounded, whatever it was", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 250 }), (text, max) => {
        const shown = quoted(text, max);

        expect(shown).toMatch(/^"[^"“”\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*"$/u);
        expect(Array.from(shown).length).toBeLessThanOrEqual(max + 2);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps ordinary text as it is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zäöü0-9.,;'-]{1,50}$/), (text) => {
        expect(quoted(text)).toBe(`"${text}"`);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    { name: "a colour", text: "\u001b[31mred\u001b[0m", gives: '"red"' },
    { name: "a terminal title", text: "a\u001b]0;owned\u0007b", gives: '"ab"' },
    { name: "a C1 sequence", text: "a\u009b2Jb", gives: '"ab"' },
    { name: "a new line that fakes a result", text: 'x"\nNext: yield_task', gives: '"x\' Next: yield_task"' },
    { name: "reversed direction", text: "a\u202eb", gives: '"ab"' },
    { name: "what is too long", text: "x".repeat(300), gives: `"${"x".repeat(199)}…"` },
    { name: "nothing", text: "", gives: '""' },
  ])("takes out $name", ({ text, gives }) => {
    expect(quoted(text)).toBe(gives);
  });
});

it.each([
  { name: "is whole where it fits", text: "a\tb\n", max: 4, shown: "a\tb\n" },
  { name: "is cut where it is longer", text: "abcde", max: 4, shown: "abc…" },
  { name: "keeps no half of a character at the cut", text: "ab😀de", max: 4, shown: "ab…" },
  { name: "loses what a terminal obeys", text: "a\u001b[31mb\u202e", max: 10, shown: "ab" },
  { name: "is cut where nothing of its beginning is seen", text: `${"\u001b[31m".repeat(20)}abc`, max: 4, shown: "…" },
])("data $name", ({ text, max, shown }) => {
  expect(plain(text, max)).toBe(shown);
});

it("shows a harmless name bare and any other quoted", () => {
  expect(named("src/app/[id]/page.tsx")).toBe("src/app/[id]/page.tsx");
  expect(named("claude:Ana Lee@main")).toBe('"claude:Ana Lee@main"');
  expect(named("a\nb")).toBe('"a b"');
});

it("takes a dot for the whole repository where it may be a path, and for a name where it is none", () => {
  expect(["", "."].map(named)).toEqual(["the whole repository", "the whole repository"]);
  expect(["", ".", "a b"].map(called)).toEqual(['""', ".", '"a b"']);
});

it("counts the names that it does not show", () => {
  expect(listed(["a", "b", "c"], 2)).toBe("a, b and 1 more");
  expect(listed(["a"], 2)).toBe("a");
  expect(listed(["a"], 2, 7)).toBe("a and 6 more");
});

it("writes JSON that says the same and shows nothing unseen", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const json = asJson({ text });

      expect(JSON.parse(json)).toEqual({ text });
      expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 300 },
  );
});
