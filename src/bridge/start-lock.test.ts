import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { takeStartLock } from "./start-lock.ts";

const BOOT = { bootId: "this-start" };

async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "signalbox-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

it("is had by one of twenty who want it at once, and by another when it is given back", async () => {
  await using scratch = await folder();

  const taken = await Promise.all(Array.from({ length: 20 }, () => takeStartLock(scratch.path, BOOT)));
  const [lock, ...others] = taken.filter((one) => one !== undefined);
  await lock?.[Symbol.asyncDispose]();
  const next = await takeStartLock(scratch.path, BOOT);

  expect(lock).toBeDefined();
  expect(others).toEqual([]);
  expect(next).toBeDefined();
});

it("is given back once: a lock that came after it stays", async () => {
  await using scratch = await folder();

  const first = await takeStartLock(scratch.path, BOOT);
  await first?.[Symbol.asyncDispose]();
  await using second = await takeStartLock(scratch.path, BOOT);
  await first?.[Symbol.asyncDispose]();

  expect(second).toBeDefined();
  expect(await takeStartLock(scratch.path, BOOT)).toBeUndefined();
});

describe("a lock that stands", () => {
  const deadPid = spawnSync(process.execPath, ["-e", "0"]).pid;
  const standing = { pid: process.pid, boot_id: "this-start", at_ms: 50_000, nonce: "n" };

  it.each([
    { name: "of a living process stays", lock: standing, nowMs: 59_000, taken: false },
    { name: "of a dead process is taken over", lock: { ...standing, pid: deadPid }, nowMs: 50_001, taken: true },
    { name: "of another start of the machine is taken over", lock: { ...standing, boot_id: "other" }, nowMs: 50_001, taken: true },
    { name: "older than ten seconds is taken over", lock: standing, nowMs: 60_001, taken: true },
    { name: "from the future is taken over", lock: standing, nowMs: 39_000, taken: true },
    { name: "that says nothing is taken over", lock: "?", nowMs: 50_001, taken: true },
  ])("$name", async ({ lock, nowMs, taken }) => {
    await using scratch = await folder();
    await writeFile(join(scratch.path, "start.lock"), JSON.stringify(lock));

    const got = await Promise.all(Array.from({ length: 5 }, () => takeStartLock(scratch.path, { ...BOOT, nowMs: () => nowMs })));

    expect(got.filter((one) => one !== undefined)).toHaveLength(taken ? 1 : 0);
    expect(await readdir(scratch.path)).toEqual(["start.lock"]);
  });
});
