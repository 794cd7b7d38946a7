import { expect, it } from "vitest";
import { isOwn } from "./whose.ts";

it.each([
  ["ana", "ana", true],
  ["ana", "ana/tests", true],
  ["ana", "anabel", false],
  ["ana/tests", "ana", false],
  ["ana", null, false],
  ["", "", false],
  ["", "/tests", false],
])("whoever is called «%s» owns what «%s» has: %s", (me, name, owns) => {
  expect(isOwn(me, name)).toBe(owns);
});
