import { expect, it } from "vitest";
import { meet, RUN, sequence } from "./sequence.ts";

it("compares what stands behind the last run before it looks for a place for the rest", () => {
  const compared: string[] = [];
  const agree = (one: string, other: string) => {
    compared.push(one + other);
    return one === other;
  };
  const pattern = sequence<string>([RUN, "a", RUN, "b", RUN, "y"]);
  const path = sequence<string>("aaaaaaaabbbbbbbbx".split(""));

  expect(meet(pattern, path, agree)).toBe(false);
  expect(compared).toEqual(["yx"]);
});

it("compares nothing when the ends of the pattern are longer than what they stand for", () => {
  const pattern = sequence<string>(["a", "a", RUN, "a", "a"]);

  expect(meet(pattern, sequence<string>(["a", "a", "a"]), () => expect.unreachable())).toBe(false);
});
