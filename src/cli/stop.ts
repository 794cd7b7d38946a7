/**
 * `signalbox stop`: ends the sidecar of a repository. Its session stays, with its tasks, for the next one, unless the policy that the
 * sidecar was started with ends it (`lifecycle.close_on_shutdown`).
 */
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { placeOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning, type Running } from "./running.ts";
import { silent } from "./silent.ts";
import { stopSidecar } from "./stop-sidecar.ts";

/** How long one without its discovery file is looked at again, in milliseconds: it has just come up, or is going. */
const SETTLES_MS = 2_000;
const LOOK_MS = 50;

interface StopFlags {
  readonly workspace?: string;
  readonly json?: boolean;
}

export function stopCommand(): Command {
  return new Command("stop")
    .option(...WORKSPACE_OPTION)
    .option("--json", "one JSON document")
    .action(async ({ workspace, json }: StopFlags) => {
      const { main, store } = await placeOf(workspace);
      const running = await findSettled(store);
      if (running.kind === "silent") throw silent(running);
      const say = (document: object, text: string) => void process.stdout.write(`${json === true ? JSON.stringify(document) : text}\n`);

      if (running.kind === "none") return say({ stopped: false, workspace_dir: main }, `No sidecar runs for ${main}.`);
      const { health } = running.sidecar;
      await stopSidecar(health, running.discovery);
      say({ stopped: true, workspace_dir: main, pid: health.pid }, `Stopped process ${health.pid}, the sidecar of ${main}.`);
    });
}

async function findSettled(store: Parameters<typeof findRunning>[0]): Promise<Running> {
  const untilMs = performance.now() + SETTLES_MS;
  for (;;) {
    const running = await findRunning(store, process.env);
    if (running.kind !== "running" || running.discovery !== undefined || performance.now() > untilMs) return running;
    await pause(LOOK_MS);
  }
}
