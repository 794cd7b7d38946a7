/**
 * `signalbox sidecar`: the process that serves one repository, or with `--multi-session` many sessions, from its start to
 * its end.
 *
 * It ends when it is asked to (SIGTERM, SIGINT, `signalbox stop`) or was idle for long enough, with its clients told and its
 * log closed; a second signal ends it at once. A terminal that closes ends only a sidecar that was started on it.
 */
import { Command } from "commander";
import { type HostedSidecar, startHosted } from "../app/hosted.ts";
import { findPlace, type Place, type Sidecar, startSidecar } from "../app/sidecar.ts";
import { BadConfig } from "../config/setting.ts";
import { readHostedConfig, readSidecarConfig, type SidecarConfig, type SidecarFlags } from "../config.ts";
import { hostedStore } from "../git/hosted-store.ts";
import type { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { mainPathOf } from "../git/repository.ts";
import { createLog, type Log } from "../log.ts";
import { EXIT } from "./exit-codes.ts";
import { told } from "./fault.ts";
import { bannerOf } from "./hosted-banner.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { servedLine } from "./served-line.ts";
import { startFailure } from "./start-failure.ts";
import { succeed } from "./succeed.ts";

interface Flags extends SidecarFlags {
  readonly succeed?: boolean;
}

export function sidecarCommand(): Command {
  return new Command("sidecar")
    .option(...WORKSPACE_OPTION)
    .option("--host <address>", "address to listen on; MPAC_SIDECAR_HOST, else 127.0.0.1")
    .option("--port <number>", "port to listen on; MPAC_SIDECAR_PORT, else the workspace's own, else any free one; hosted 8766")
    .option("--session-id <id>", "serve the session of this name")
    .option("--security-profile <profile>", "open or authenticated; MPAC_TOKEN_TABLE makes it authenticated")
    .option("--require-token", "let nobody in without the token of the discovery file")
    .option("--multi-session", "serve many sessions, each at /session/<id>, and no repository (hosted)")
    .option("--store <dir>", "hosted: folder of the log; one in the user's state directory by default")
    .option("--tls", "hosted: a proxy terminates TLS, or with the next two the sidecar itself")
    .option("--tls-cert <file>", "hosted: certificate with its chain, PEM")
    .option("--tls-key <file>", "hosted: key of the certificate, PEM")
    .option("--no-race-lock", "tell of overlaps instead of refusing them, as before MPAC 0.1.15")
    .option("--idle-minutes <number>", "end after so many minutes without a client; 0 for never, and 30 for one that a bridge starts")
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
  return flags.multiSession === true ? serveMany(flags, end) : serveRepository(flags, end);
}

/** Nobody waits for it as a bridge does for a repository's: what goes wrong is for whoever started it. */
async function serveMany(flags: Flags, end: End): Promise<void> {
  if (flags.succeed === true) throw new BadConfig("--succeed is for a repository's sidecar; stop the hosted one and start it anew");
  const config = readHostedConfig(onTerminal(flags), process.env);
  const log = createLog(config.logLevel);
  await using sidecar = await startHosted(config, await hostedStore(config.store, process.env), log);
  process.stdout.write(`${bannerOf(config, sidecar.uri)}\n`);
  if (!end.endsByHangup) process.on("SIGHUP", () => void renew(sidecar, log));
  await untilEnd(sidecar, end, log);
}

/** What cannot be used is told, and leaves everything as it was. */
async function renew(sidecar: HostedSidecar, log: Log): Promise<void> {
  try {
    log.info({ dismissed: await sidecar.renew() }, "token table and certificate were read again");
  } catch (fault) {
    const { code, sentence } = told(fault);
    log.error({ code, error: sentence }, "token table and certificate stay as they were");
  }
}

export async function untilEnd(sidecar: Sidecar, end: End, log: Log): Promise<void> {
  void sidecar.lost.then((fault) => endAtOnce(fault, log));
  end.log = log;
  const reason = await Promise.race([sidecar.stopped, end.asked]);
  log.info({ reason }, "sidecar stops");
}

async function serveRepository(flags: Flags, end: End): Promise<void> {
  let place: Place | undefined;
  let running = false;
  try {
    const config = readSidecarConfig(onTerminal(flags), process.env);
    const log = createLog(config.logLevel);
    place = await findPlace(config, process.cwd());
    const followed = flags.succeed === true ? await succeed(place.store, process.env) : undefined;
    await using sidecar = await startSidecar(config, place, log, followed);
    running = true;
    if (process.stdout.isTTY) {
      process.stdout.write(`${servedLine(config, mainPathOf(place.workspace), sidecar.uri)}\n`);
    }
    await untilEnd(sidecar, end, log);
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

export interface End extends Disposable {
  /** Resolves with the reason when the process was asked to end. */
  readonly asked: Promise<string>;
  /** Whether the end of the terminal that it was started on is its own. */
  readonly endsByHangup: boolean;
  /** Where a fault that nobody caught is told, once there is a log. */
  log: Log | undefined;
}

/** Exit code of a process that a signal ended, as shells count. */
const BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export function listenForEnd(): End {
  let ask: (reason: string) => void = () => undefined;
  let times = 0;
  const asked = new Promise<string>((resolve) => (ask = resolve));
  const onSignal = (signal: keyof typeof BY_SIGNAL): void => {
    if (signal === "SIGHUP" && !end.endsByHangup) return;
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
    endsByHangup: process.stdin.isTTY || process.stderr.isTTY,
    log: undefined,
    [Symbol.dispose]() {
      process.off("uncaughtException", onFault);
    },
  };
  return end;
}
