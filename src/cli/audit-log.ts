/**
 * The log of a workspace, or of a hosted sidecar, for a command that reads it: asked of the sidecar while one runs, because that owns the file, and
 * else of the file itself. Nobody is kept from working, and nothing is written.
 */
import { readLogOf } from "../client/log-reader.ts";
import { hostedStore } from "../git/hosted-store.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { readStoreIdentity } from "../git/store-identity.ts";
import { type KeptLog, openStoredLog } from "../app/kept-log.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, remoteOf } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

/** What `--store` is for, in every command that has it. */
export const STORE_OPTION = ["--store <dir>", "folder of a hosted sidecar's log, instead of a workspace"] as const;

const ELSEWHERE =
  "MPAC_COORDINATOR_URL names a coordinator elsewhere, which keeps that session's log; this is about the log on this machine.\n";

export interface LogPlace {
  /** The workspace, or the folder of a hosted sidecar. */
  readonly main: string;
  readonly store: StoreFolder;
}

/** @throws CommandFault, what `placeOf` and `hostedStore` throw */
export async function logPlaceOf({ workspace, store }: { workspace?: string; store?: string }): Promise<LogPlace> {
  if (store === undefined) {
    if (remoteOf(process.env) !== undefined) process.stderr.write(ELSEWHERE);
    return await placeOf(workspace);
  }
  // Looked at first, because whoever asks for the store gets one made.
  if ((await readStoreIdentity(store)) === undefined) throw new CommandFault("store/no-folder", `${store} holds no log`);
  const hosted = await hostedStore(store);
  return { main: hosted.folder, store: hosted };
}

export interface OpenedLog extends AsyncDisposable {
  readonly log: KeptLog;
  /** The process that handed it over; undefined when it was read from the disk. */
  readonly sidecar: number | undefined;
}

/**
 * @param session - takes no other session's streams
 * @throws CommandFault, OwnedElsewhere, what `openStoredLog` throws
 */
export async function openLogOf({ store }: LogPlace, session: string | undefined): Promise<OpenedLog> {
  const running = await findRunning(store, process.env);
  if (running.kind === "silent") throw silent(running);
  if (running.kind === "none") {
    const stored = await openStoredLog(store);
    return { log: ofSession(stored, session), sidecar: undefined, [Symbol.asyncDispose]: () => stored[Symbol.asyncDispose]() };
  }

  const { pid } = running.sidecar.health;
  if (running.discovery === undefined) {
    const why = `process ${pid} owns this log, and its discovery file is not readable here: ask as the user who started it`;
    throw new CommandFault("sidecar/no-token", why);
  }
  const reader = readLogOf(running.discovery);
  return {
    log: ofSession(reader, session),
    sidecar: pid,
    [Symbol.asyncDispose]: () => Promise.resolve(reader[Symbol.dispose]()),
  };
}

/** The session that is meant when none is named: the only one there is, whatever its sidecar was told to call it, else the workspace's own. */
export async function sessionMeant(log: KeptLog, own: string): Promise<string> {
  const [first, ...others] = new Set((await log.streams()).map(({ stream }) => sessionOf(stream)));
  return first === undefined || others.length > 0 ? own : first;
}

export function ofSession(log: KeptLog, session: string | undefined): KeptLog {
  if (session === undefined) return log;
  return {
    read: (stream, after) => log.read(stream, after),
    getBlob: (hash) => log.getBlob(hash),
    async streams() {
      const all = await log.streams();
      const its = all.filter(({ stream }) => sessionOf(stream) === session);
      if (its.length > 0) return its;
      const others = [...new Set(all.map(({ stream }) => sessionOf(stream)))];
      const what = others.length === 0 ? "it is empty" : `it has ${others.slice(0, 5).join(", ")}`;
      throw new CommandFault("log/no-session", `there is no session ${session} in this log; ${what}`);
    },
  };
}

/** `<session>/<aggregate>`; a session's name may have a slash in it. */
export function sessionOf(stream: string): string {
  return stream.slice(0, stream.lastIndexOf("/"));
}
