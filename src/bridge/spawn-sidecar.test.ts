import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";

/** Not next to any other that is open: those Node looks after by itself. */
const LOCK = 200;

/** Starts what stands for a sidecar, and ends. */
const STARTER = `
import { spawnSidecar } from ${JSON.stringify(new URL("spawn-sidecar.ts", import.meta.url).href)};
const [launcher, folder] = process.argv.slice(1);
await spawnSidecar({ launcher: [launcher], workspace: folder, folder, env: process.env });
`;

it.skipIf(process.platform !== "linux")("hands on nothing that whoever started the bridge has left open", async () => {
  await using scratch = await scratchFolder();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const launcher = join(scratch.folder, "launcher.mjs");
  await writeFile(launcher, `(await import("node:net")).connect(${(server.address() as AddressInfo).port}, "127.0.0.1");`);
  const called = once(server, "connection") as Promise<[Socket]>;
  const stdio = Array.from({ length: LOCK + 1 }, (_, number) => (number === LOCK ? "pipe" : "ignore"));

  const starter = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", STARTER, "--", launcher, scratch.folder], {
    stdio: stdio as ("pipe" | "ignore")[],
    env: scratch.env,
    cwd: join(import.meta.dirname, "../.."),
  });
  const letGo = once((starter.stdio[LOCK as 4] as unknown as Readable).resume(), "end");
  const [[sidecar], [code]] = await Promise.all([called, once(starter, "exit") as Promise<[number]>, letGo]);

  expect(code).toBe(0);
  expect(sidecar.readyState).toBe("open");
  sidecar.destroy();
  server.close();
});
