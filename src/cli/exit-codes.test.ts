import { expect, it } from "vitest";
import { EXIT_HELD } from "../bridge/spawn-sidecar.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";

it("has a number of its own for each thing", () => {
  expect(new Set(Object.values(EXIT)).size).toBe(Object.values(EXIT).length);
});

it("says a held log with the number that bridges wait for", () => {
  expect(exitCodeOf("store/held")).toBe(EXIT_HELD);
});

it.each([
  { code: "workspace/outside", exit: EXIT.noWorkspace },
  { code: "store/corrupt", exit: EXIT.corrupt },
  { code: "log/damaged", exit: EXIT.corrupt },
  { code: "store/too-new", exit: EXIT.tooNew },
  { code: "sidecar/port-taken", exit: EXIT.portTaken },
  { code: "store/no-driver", exit: EXIT.noDriver },
  { code: "config/invalid", exit: EXIT.usage },
  { code: "constructor", exit: EXIT.failed },
  { code: "ENOENT", exit: EXIT.failed },
])("says $code with $exit", ({ code, exit }) => {
  expect(exitCodeOf(code)).toBe(exit);
});
