import * as fc from "fast-check";
import { expect, it } from "vitest";
import { RESOURCES } from "../resources.ts";
import { boardUri, canonicalUri, fileUri, resourceAt } from "./uri.ts";

const anyText = fc.string({ unit: "binary", minLength: 1, maxLength: 80 });

it("leads to the file or topic that it was made of, whatever that is called, and is its own canonical spelling", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const said = text.toWellFormed();

      expect(resourceAt(RESOURCES, fileUri(text))?.values).toEqual({ path: said });
      expect(resourceAt(RESOURCES, boardUri(text))?.values).toEqual({ topic: said });
      expect([canonicalUri(fileUri(text)), canonicalUri(boardUri(text))]).toEqual([fileUri(text), boardUri(text)]);
    }),
  );
});

it("is one for all ways in which a client may write it", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const encoded = `signalbox://file/${encodeURIComponent(text.toWellFormed())}`;

      expect(canonicalUri(encoded)).toBe(fileUri(text));
      expect(canonicalUri(canonicalUri(encoded))).toBe(canonicalUri(encoded));
    }),
  );
});

it("throws for nothing that somebody sends, and has its canonical spelling after once", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        anyText.map((text) => `signalbox://file/${text}`),
        anyText.map((text) => `signalbox://board?topic=${text}`),
      ),
      (uri) => {
        expect(() => resourceAt(RESOURCES, uri)).not.toThrow();
        expect(canonicalUri(canonicalUri(uri))).toBe(canonicalUri(uri));
      },
    ),
  );
});
