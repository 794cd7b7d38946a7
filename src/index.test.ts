import { expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import * as surface from "./index.ts";

it("offers these names and no others", () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "VERSION",
    ]
  `);
});

it("says the version that package.json says", () => {
  expect(surface.VERSION).toBe(manifest.version);
});
