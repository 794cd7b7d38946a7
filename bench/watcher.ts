/** What watching and asking cost in a large repository: until it is seen whole, in memory, and while nothing happens. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { startHost } from "../smoke/support/mcp-host.ts";
import { launcher } from "../smoke/support/program.ts";
import { startSidecarOf } from "../smoke/support/sidecar.ts";
import { eventually } from "../smoke/support/wait.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { medianOf } from "./method.ts";
import { processorMs, residentBytes } from "./support/memory.ts";

const run = promisify(execFile);

const FOLDERS = 1_000;
const FILES_IN_EACH = 100;

/** How long it is idle while it is looked at, in milliseconds. */
const IDLE_MS = 10_000;

/** Questions of the command line. */
const QUESTIONS = 5;

/** Nobody announced it, so that it is told as soon as it is seen. */
const STRAY = "stray.ts";

async function largeRepository({ scratch }: Bench): Promise<string> {
  const root = await scratch.repository("large");
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const path = join(root, `part-${folder % 10}`, `folder-${folder}`);
    await mkdir(path, { recursive: true });
    const files = Array.from({ length: FILES_IN_EACH }, (_, file) =>
      writeFile(join(path, `file-${file}.ts`), `export const n = ${file};\n`),
    );
    await Promise.all(files);
  }
  await scratch.git(root, "add", "--all");
  await scratch.git(root, "commit", "-q", "-m", "large");
  await writeFile(join(root, STRAY), "export {};\n");
  return root;
}

async function measure(bench: Bench): Promise<Measured> {
  const { scratch, env } = bench;
  const workspace = await largeRepository(bench);
  const askStatus = async (): Promise<string> => {
    const { stdout } = await run(process.execPath, [launcher("signalbox"), "status", "--json", "--workspace", workspace], {
      cwd: workspace,
      env,
    });
    return stdout;
  };

  const began = performance.now();
  await using sidecar = await startSidecarOf(scratch, workspace, { name: "signalbox", env });
  const upMs = performance.now() - began;
  const before = await residentBytes(sidecar.pid);
  const joining = performance.now();
  // Nothing is watched before somebody works there.
  await using host = await startHost({ name: "bench", cwd: workspace, env });
  await host.call("who_is_working");
  await eventually("the sight of the stray file", async () => ((await askStatus()).includes(STRAY) ? true : undefined));
  const seenMs = performance.now() - joining;

  await pause(IDLE_MS / 2); // what the first look leaves to be done is not idleness
  const after = await residentBytes(sidecar.pid);
  const used = await processorMs(sidecar.pid);
  await pause(IDLE_MS);
  const idle = ((await processorMs(sidecar.pid)) - used) / IDLE_MS;
  const statusMs = await medianOf(QUESTIONS, async () => {
    const asked = performance.now();
    await askStatus();
    return performance.now() - asked;
  });

  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  return {
    kind: "figures",
    verdict: "report",
    shown: `up in ${upMs.toFixed(0)} ms, seen whole ${seenMs.toFixed(0)} ms later; ${megabytes(before)}, then ${megabytes(after)}; ${(idle * 100).toFixed(1)} % of a processor idle`,
    figures: { upMs, seenMs, bytesBefore: before, bytesAfter: after, idle, statusMs },
    notes: [`\`signalbox status\` takes ${statusMs.toFixed(0)} ms there`],
  };
}

export const watcher: Measurement = {
  name: "watcher",
  what: "watcher and status on a repository of 100,000 files",
  against: "",
  missing: () => (process.platform === "linux" ? undefined : "only Linux says how much memory a process holds"),
  measure,
};
