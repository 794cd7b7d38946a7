import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { askYesNo } from "./ask.ts";

it.each([
  { typed: "y\n", answer: true },
  { typed: "YES \n", answer: true },
  { typed: "\n", answer: false },
  { typed: "n\n", answer: false },
  { typed: "yo\n", answer: false },
  { typed: "", answer: false },
])("takes $typed for yes: $answer", async ({ typed, answer }) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asked = askYesNo("Write this?", input, output);

  input.end(typed);

  expect(await asked).toBe(answer);
  expect(String(output.read())).toContain("Write this? [y/N]");
});
