import { expect, it } from "vitest";
import { paintFor } from "./terminal.ts";

it.each([
  { name: "on a terminal", isTTY: true, env: {}, gives: "\u001b[31mfail\u001b[0m" },
  { name: "in a pipe", isTTY: false, env: {}, gives: "fail" },
  { name: "with NO_COLOR", isTTY: true, env: { NO_COLOR: "1" }, gives: "fail" },
  { name: "with an empty NO_COLOR, which counts as unset", isTTY: true, env: { NO_COLOR: "" }, gives: "\u001b[31mfail\u001b[0m" },
  { name: "on a dumb terminal", isTTY: true, env: { TERM: "dumb" }, gives: "fail" },
])("$name gives $gives", ({ isTTY, env, gives }) => {
  expect(paintFor({ isTTY }, env)("red", "fail")).toBe(gives);
});
