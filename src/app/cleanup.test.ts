import { expect, it } from "vitest";
import { Cleanup } from "./cleanup.ts";

/** Notes that it was closed, and may fail at that. */
const opened = (name: string, closed: string[], fault?: Error): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    closed.push(name);
    if (fault !== undefined) throw fault;
  },
});

it("closes what was opened last first, and everything else also when one cannot be closed, as it then says", async () => {
  const closed: string[] = [];
  const cleanup = new Cleanup();
  cleanup.own(opened("store", closed));
  cleanup.own(opened("listener", closed, new Error("second fault")));
  cleanup.own(opened("discovery file", closed, new Error("read-only disk")));
  const running = cleanup.release();

  await expect(running[Symbol.asyncDispose]()).rejects.toThrow("read-only disk");

  expect(closed).toEqual(["discovery file", "listener", "store"]);
  await running[Symbol.asyncDispose]();
  await cleanup[Symbol.asyncDispose]();
  expect(closed).toHaveLength(3);
});
