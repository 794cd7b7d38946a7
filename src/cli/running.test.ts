import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { isAlive } from "./running.ts";

it("tells a process that runs from one that has ended", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");

  const before = await isAlive(child.pid ?? 0);
  child.stdin.end();
  await once(child, "exit");

  expect([before, await isAlive(child.pid ?? 0)]).toEqual([true, false]);
});

it.skipIf(process.platform !== "linux")("takes one that has ended and waits for its parent for one that has ended", async () => {
  // The shell becomes a program that never asks what became of the child it inherits.
  const script = "node -e '' & echo $!; exec node -e 'process.stdin.resume()'";
  const parent = spawn("sh", ["-c", script.replaceAll("node", process.execPath)], { stdio: ["pipe", "pipe", "ignore"] });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());

  while (await isAlive(pid)) await new Promise(setImmediate);
  const isListed = process.kill(pid, 0);
  parent.stdin.end();
  await once(parent, "exit");

  expect(isListed).toBe(true);
});
