import { expect, it } from "vitest";
import { EXIT_ELSEWHERE, EXIT_HELD } from "../bridge/spawn-sidecar.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";

it("has a number of its own for each thing", () => {
  expect(new Set(Object.values(EXIT)).size).toBe(Object.values(EXIT).length);
});

it("says a log that is taken with the numbers that bridges wait for", () => {
  expect(exitCodeOf("store/held")).toBe(EXIT_HELD);
  expect(exitCodeOf("store/owned-elsewhere")).toBe(EXIT_ELSEWHERE);
});

it.each([
  { code: "workspace/outside", exit: EXIT.noWorkspace },
  { code: "store/corrupt", exit: EXIT.corrupt },
  { code: "log/damaged", exit: EXIT.corrupt },
  { code: "store/too-new", exit: EXIT.tooNew },
  { code: "sidecar/port-taken", exit: EXIT.portTaken },
  { code: "store/no-driver", exit: EXIT.noDriver },
  { code: "store/other-user", exit: EXIT.storeOutOfReach },
  { code: "config/invalid", exit: EXIT.usage },
  { code: "constructor", exit: EXIT.failed },
  { code: "ENOENT", exit: EXIT.failed },
])("says $code with $exit", ({ code, exit }) => {
  expect(exitCodeOf(code)).toBe(exit);
});
