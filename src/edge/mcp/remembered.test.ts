import { expect, it } from "vitest";
import { remembered } from "./remembered.ts";

it("works out once what is asked again, and again what was asked long ago or is long", () => {
  const worked: string[] = [];
  const upper = remembered((text: string) => {
    worked.push(text.slice(0, 2));
    return text.toUpperCase();
  });

  const twice = [upper("a"), upper("a")];
  for (let number = 0; number < 64; number += 1) upper(`n${number}`);
  upper("a");
  for (const long of ["l".repeat(600), "l".repeat(600)]) upper(long);

  expect(twice).toEqual(["A", "A"]);
  expect(worked.filter((text) => text === "a" || text === "ll")).toEqual(["a", "a", "ll", "ll"]);
});
