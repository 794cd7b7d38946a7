import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { isAlive, lineage, parentOf, startOf } from "./process-identity.ts";

describe.runIf(process.platform === "linux")("the programs above a process", () => {
  it("are told nearest first, with when they began and which of them are shells", async () => {
    const shell = spawn("sh", ["-c", "read line; exit 0"], { stdio: ["pipe", "ignore", "ignore"] });
    await once(shell, "spawn");
    const pid = shell.pid ?? 0;

    const [first, second] = lineage(pid);
    const alive = isAlive(pid, startOf(pid));
    shell.stdin.end();
    await once(shell, "close");

    expect(first).toEqual({ pid, started_at: expect.stringMatching(/^\d+$/) as string, isShell: true });
    expect(second).toEqual({ pid: process.pid, started_at: startOf(process.pid) });
    expect([alive, isAlive(pid, first?.started_at)]).toEqual([true, false]);
  });

  it("end with the first process of all, which in a container may be a client", () => {
    expect(lineage(1)).toMatchObject([{ pid: 1 }]);
    expect(parentOf(1)).toBeUndefined();
  });
});
