import { expect, it } from "vitest";
import { newShortId } from "./short-id.ts";

it("has sixteen hexadecimal digits", () => {
  expect(newShortId()).toMatch(/^[0-9a-f]{16}$/);
});

it("draws every digit", () => {
  const drawn = Array.from({ length: 1_000 }, newShortId);
  const perPlace = Array.from({ length: 16 }, (_, place) => new Set(drawn.map((id) => id[place])).size);
  expect(perPlace).toEqual(Array.from({ length: 16 }, () => 16));
  expect(new Set(drawn).size).toBe(1_000);
});
