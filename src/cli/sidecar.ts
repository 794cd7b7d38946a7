/**
 * `signalbox sidecar`: the process that serves one repository, from its start to its end.
 *
 * It ends when it is asked to (SIGTERM, SIGINT, `signalbox stop`) or was idle for long enough, with its clients told and its
 * log closed; a second signal ends it at once. A terminal that closes ends only a sidecar that was started on it.
 */
import { Command } from "commander";
import { findPlace, type Place, startSidecar } from "../app.ts";
import { readSidecarConfig, type SidecarConfig, type SidecarFlags } from "../config.ts";
import type { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { mainPathOf } from "../git/repository.ts";
import { createLog, type Log } from "../log.ts";
import { EXIT } from "./exit-codes.ts";
import { told } from "./fault.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { startFailure } from "./start-failure.ts";
import { succeed } from "./succeed.ts";

interface Flags extends SidecarFlags {
  readonly succeed?: boolean;
}

export function sidecarCommand(): Command {
  return new Command("sidecar")
    .option(...WORKSPACE_OPTION)
    .option("--host <address>", "loopback address to listen on; MPAC_SIDECAR_HOST, else 127.0.0.1")
    .option("--port <number>", "port to listen on; MPAC_SIDECAR_PORT, else the workspace's own, else any free one")
    .option("--session-id <id>", "serve the session of this name")
    .option("--security-profile <profile>", "open; authenticated and verified come with the hosted sidecar")
    .option("--multi-session", "many sessions in one sidecar, not in this release")
    .option("--tls", "a proxy terminates TLS, not in this release")
    .option("--no-race-lock", "tell of overlaps instead of refusing them, as before MPAC 0.1.15")
    .option("--idle-minutes <number>", "end after so many minutes without a client; 30, 0 for never")
    .option("--succeed", "take the store over from the running sidecar, if that is of an older release")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .action(async (flags: Flags) => {
      const end = listenForEnd();
      try {
        await serve(flags, end);
      } finally {
        end[Symbol.dispose]();
      }
    });
}

async function serve(flags: Flags, end: End): Promise<void> {
  let place: Place | undefined;
  let running = false;
  try {
    const config = readSidecarConfig(onTerminal(flags), process.env);
    const log = createLog(config.logLevel);
    place = await findPlace(config, process.cwd());
    const followed = flags.succeed === true ? await succeed(place.store, process.env) : undefined;
    await using sidecar = await startSidecar(config, place, log, followed);
    running = true;
    void sidecar.lost.then((fault) => endAtOnce(fault, log));
    end.log = log;
    if (process.stdout.isTTY) {
      process.stdout.write(`Serving ${mainPathOf(place.workspace)} at ${sidecar.uri}. Ctrl-C ends it; the session stays.\n`);
    }
    const reason = await Promise.race([sidecar.stopped, end.asked]);
    log.info({ reason }, "sidecar stops");
  } catch (fault) {
    if (running) throw fault;
    place ??= await placeInSpite(flags);
    throw await startFailure(fault, place && { store: place.store, main: mainPathOf(place.workspace) });
  }
}

/** Without closing anything: whatever this process still wrote into the log would be written into another one's. */
function endAtOnce({ code, message }: OwnedElsewhere, log: Log): void {
  log.error({ code, error: message }, "the store was taken by another machine; this process ends without touching it");
  process.kill(process.pid, "SIGKILL");
  process.abort(); // the first process of a container is spared by that signal
}

/** On a terminal the log is for what needs a person, unless somebody asked for more. */
function onTerminal(flags: SidecarFlags): SidecarFlags {
  return process.stderr.isTTY && flags.logLevel === undefined ? { ...flags, logLevel: "warn" } : flags;
}

/** Where the failure is to be left, when the settings were wrong before anybody asked where. */
async function placeInSpite({ workspace }: SidecarFlags): Promise<Place | undefined> {
  const named: Pick<SidecarConfig, "workspace"> = { workspace: workspace || process.env["MPAC_WORKSPACE_DIR"]?.trim() || undefined };
  return findPlace(named, process.cwd()).catch(() => undefined);
}

interface End extends Disposable {
  /** Resolves with the reason when the process was asked to end. */
  readonly asked: Promise<string>;
  /** Where a fault that nobody caught is told, once there is a log. */
  log: Log | undefined;
}

/** Exit code of a process that a signal ended, as shells count. */
const BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

function listenForEnd(): End {
  let ask: (reason: string) => void = () => undefined;
  let times = 0;
  const asked = new Promise<string>((resolve) => (ask = resolve));
  const onTerminalAtStart = process.stdin.isTTY || process.stderr.isTTY;

  const onSignal = (signal: keyof typeof BY_SIGNAL): void => {
    if (signal === "SIGHUP" && !onTerminalAtStart) return;
    times += 1;
    if (times > 1) process.exit(BY_SIGNAL[signal]);
    ask(signal);
  };
  /** Whatever broke, the log holds what was acknowledged; the next sidecar begins there. */
  const onFault = (fault: unknown): void => {
    const { code, sentence } = told(fault);
    const stack = fault instanceof Error ? fault.stack : undefined;
    if (end.log === undefined) process.stderr.write(`signalbox: ${sentence}\n`);
    else end.log.error({ code, error: sentence, stack }, "a fault that nobody caught");
    process.exitCode = EXIT.failed;
    ask("a fault that nobody caught");
  };
  for (const signal of Object.keys(BY_SIGNAL)) process.on(signal, onSignal);
  process.on("uncaughtException", onFault);

  const end: End = {
    asked,
    log: undefined,
    [Symbol.dispose]() {
      process.off("uncaughtException", onFault);
    },
  };
  return end;
}
