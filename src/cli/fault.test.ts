import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { told } from "./fault.ts";

it("says what to do where the folder is gone in which somebody stands", async () => {
  await using scratch = await scratchFolder();
  const [before, gone] = [process.cwd(), join(scratch.folder, "removed worktree")];
  await mkdir(gone);
  process.chdir(gone);
  try {
    await rm(gone, { recursive: true });

    const { code, sentence } = told(faultOf(() => process.cwd()));

    expect(exitCodeOf(code)).toBe(EXIT.noWorkspace);
    expect(sentence).toMatch(/folder .* is gone: change to one/);
  } finally {
    process.chdir(before);
  }
});

it("tells what anything throws on one line, with its code where it has one", () => {
  expect(told(Object.assign(new Error("a\n  b"), { code: "store/held" }))).toEqual({ code: "store/held", sentence: "a b" });
  expect(told(new RangeError(""))).toEqual({ code: "unknown", sentence: "RangeError" });
  expect(told("")).toEqual({ code: "unknown", sentence: "no reason was given" });
});

function faultOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (fault) {
    return fault;
  }
}
