/**
 * What becomes of a sidecar that cannot start: one sentence for whoever started it, the same in `start-error.json` for a
 * bridge that waits.
 *
 * Losing the race for a store is no failure to leave behind: the sidecar that won it is what everybody wants.
 */
import { setTimeout as pause } from "node:timers/promises";
import { readLastWriter } from "../git/last-writer.ts";
import { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { writeStartError } from "../git/start-error.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Health } from "../wire/health.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { CommandFault, told } from "./fault.ts";
import { findRunning } from "./running.ts";

/** Whoever owns the log from another container or machine may still answer here, over a network that is shared. */
const ELSEWHERE = "store/owned-elsewhere";

/** By default 5 s: it may be starting in this moment. */
const SHOWS_MS = 5_000;
const LOOK_MS = 50;

export interface FailedPlace {
  readonly store: StoreFolder;
  /** Main worktree, or plain folder. */
  readonly main: string;
}

/**
 * The fault as it is told, after it was left for the bridge.
 *
 * @param place - undefined when not even that was found
 * @param showsMs - milliseconds that another owner of the log has to show itself
 */
export async function startFailure(fault: unknown, place: FailedPlace | undefined, showsMs = SHOWS_MS): Promise<CommandFault> {
  const { code, sentence } = told(fault);
  if (place === undefined) return new CommandFault(code, sentence, fault);

  if (code !== "store/held" && code !== ELSEWHERE) return leave(fault, place, { code, sentence }, await commandFor(code, place));
  const owner = await awaitOwner(place.store, code === ELSEWHERE ? 0 : showsMs);
  if (owner instanceof OwnedElsewhere) return leave(owner, place, told(owner), undefined);
  if (owner === undefined) {
    if (code === ELSEWHERE) return leave(fault, place, { code, sentence }, undefined);
    const why = `${sentence}, and no sidecar of ${place.main} answers`;
    return leave(fault, place, { code, sentence: why }, `signalbox doctor --workspace ${quoted(place.main)}`);
  }
  return new CommandFault("store/held", `already running: process ${owner.pid} serves ${owner.workspace} at ${owner.uri}`, fault);
}

/** The sidecar that has the log, once it answers, or why it cannot be asked from here; undefined when none shows itself in time. */
async function awaitOwner(store: StoreFolder, showsMs: number): Promise<Health | OwnedElsewhere | undefined> {
  const givesUpAtMs = performance.now() + showsMs;
  for (;;) {
    const running = await findRunning(store, process.env).catch((cause: unknown) => {
      if (cause instanceof OwnedElsewhere) return cause;
      throw cause;
    });
    if (running instanceof OwnedElsewhere) return running;
    if (running.kind === "running") return running.sidecar.health;
    if (performance.now() >= givesUpAtMs) return undefined;
    await pause(LOOK_MS);
  }
}

async function leave(
  fault: unknown,
  { store }: FailedPlace,
  { code, sentence }: { readonly code: string; readonly sentence: string },
  command: string | undefined,
): Promise<CommandFault> {
  const error = { code, sentence, at: new Date().toISOString(), pid: process.pid, ...(command === undefined ? {} : { command }) };
  await writeStartError(store.folder, error).catch(() => undefined); // a folder that cannot be written is often the very fault
  return new CommandFault(code, command === undefined ? sentence : `${sentence}; run \`${command}\``, fault);
}

/** What repairs it, where one command does and the sentence does not name it. */
async function commandFor(code: string, { main, store }: FailedPlace): Promise<string | undefined> {
  if (["store/corrupt", "log/damaged"].includes(code)) return `signalbox store set-aside --workspace ${quoted(main)}`;
  if (exitCodeOf(code) !== EXIT.tooNew) return undefined;
  const writer = await readLastWriter(store.folder);
  return `npm install --global signalbox@${writer?.version ?? "latest"}`;
}

/** A path as a POSIX shell takes it. */
function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
