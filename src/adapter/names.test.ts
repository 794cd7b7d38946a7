import { expect, it } from "vitest";
import { mintName } from "./names.ts";

it("makes up names of an adjective, a noun and three characters", () => {
  const names = Array.from({ length: 1_000 }, () => mintName());

  for (const name of names) expect(name).toMatch(/^[a-z]+-[a-z]+-[0-9a-z]{3}$/);
  expect(new Set(names).size).toBeGreaterThan(990);
});

it("reaches the first word and the last", () => {
  expect([mintName(() => 0), mintName((below) => below - 1)]).toEqual(["able-adder-000", "young-zebra-zzz"]);
});
