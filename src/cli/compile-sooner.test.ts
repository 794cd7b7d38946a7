import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { flagFor } from "./compile-sooner.ts";

it("names a flag that this Node takes", () => {
  const flag = flagFor(process.versions.v8);
  expect(spawnSync(process.execPath, [...(flag === undefined ? [] : [flag]), "-e", ""]).status).toBe(0);
});

it.each([
  ["11.3.244.8-node.33", "--interrupt-budget=4000"],
  ["12.4.254.21-node.33", "--invocation-count-for-turbofan=300"],
  ["13.6.233.10-node.28", "--invocation-count-for-turbofan=300"],
])("knows V8 %s", (version, flag) => {
  expect(flagFor(version)).toBe(flag);
});

it.each(["10.2.154.26-node.36", "99.1.2", ""])("leaves V8 %o as it is", (version) => {
  expect(flagFor(version)).toBeUndefined();
});
