/**
 * `signalbox sidecar`: the coordinator of one repository, until it is told to stop or nobody has needed it for a while.
 *
 * A start that fails leaves its reason in the store's folder, where the bridge that waits for it reads it.
 */
import { Command } from "commander";
import { findPlace, type Place, startSidecar } from "../app.ts";
import { readSidecarConfig, type SidecarConfig, type SidecarFlags } from "../config.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { writeStartError } from "../git/start-error.ts";
import { createLog } from "../log.ts";
import { EXIT, exitCodeOf, repairOf } from "./exit-codes.ts";

export function sidecarCommand(): Command {
  return new Command("sidecar")
    .description("Coordinate one repository; bridges start it by themselves.")
    .option("--workspace <dir>", "the repository, or a plain folder (default: where it is started)")
    .option("--host <address>", "loopback address to listen on (default: 127.0.0.1)")
    .option("--port <number>", "port to listen on (default: derived from the repository)")
    .option("--session-id <id>", "session id (default: derived from the repository)")
    .option("--security-profile <profile>", "open; authenticated and verified are not in this release")
    .option("--multi-session", "not in this release")
    .option("--tls", "not in this release")
    .option("--no-race-lock", "overlapping intents are advisory, as before MPAC 0.1.15")
    .option("--idle-minutes <minutes>", "end after so long without a client; 0 is never (default: 30)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: info)")
    .action(async (flags: SidecarFlags) => {
      process.exitCode = await serve(readSidecarConfig(flags, process.env));
    });
}

async function serve(config: SidecarConfig): Promise<number> {
  const place = await findPlace(config, process.cwd());
  try {
    await using sidecar = await startSidecar(config, place, createLog(config.logLevel));
    if (process.stdout.isTTY) process.stdout.write(`signalbox sidecar at ${sidecar.uri}\n`);
    await Promise.race([sidecar.stopped, signalled()]);
    return EXIT.ok;
  } catch (error) {
    return reportFailure(error, place);
  }
}

/** The first signal asks for a clean stop, a second one ends the process at once. */
function signalled(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(EXIT.failed);
      asked = true;
      resolve(signal);
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onSignal);
  });
}

async function reportFailure(error: unknown, { store }: Place): Promise<number> {
  const exit = exitCodeOf(error);
  if (exit === EXIT.held) {
    const running = await readDiscovery(store).catch(() => undefined);
    const where = running === undefined ? "another process owns its log" : `process ${running.pid} serves it on port ${running.port}`;
    process.stderr.write(`signalbox: a sidecar runs already for ${store.identity.workspace}: ${where}\n`);
    return exit;
  }
  const sentence = error instanceof Error ? error.message : String(error);
  const command = repairOf(error);
  const code = (error as { readonly code?: unknown }).code;
  process.stderr.write(`signalbox: ${sentence}${command === undefined ? "" : ` (repair: ${command})`}\n`);
  const at = new Date().toISOString();
  const startError = { code: typeof code === "string" ? code : "sidecar/failed", sentence, at, pid: process.pid };
  await writeStartError(store.folder, command === undefined ? startError : { ...startError, command }).catch(() => undefined);
  return exit;
}
