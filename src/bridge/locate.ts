/**
 * Finding the repository's sidecar, and starting it when there is none.
 *
 * Of many bridges that find none one starts it and the others wait for it. Nothing is ever killed here: a sidecar that
 * cannot start says why in `start-error.json`, and that sentence is what its bridge passes on.
 */
import { pause } from "../client/backoff.ts";
import { SidecarUnavailable, sentenceOf } from "../client/faults.ts";
import type { Locate, LocateQuestion } from "../client/reach.ts";
import { bootId } from "../git/boot-id.ts";
import { readStartError } from "../git/start-error.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { StartError } from "../wire/start-error.ts";
import { findSidecar, type FoundSidecar } from "./find-sidecar.ts";
import { EXIT_HELD, LOG_FILE, spawnSidecar, type StartedSidecar } from "./spawn-sidecar.ts";
import { takeStartLock } from "./start-lock.ts";

/** What a sidecar says that found another one at work: that one is waited for. */
const HELD = "store/held";

/** Milliseconds that a start may take in all. */
const START_MS = 15_000;
const FIRST_LOOK_MS = 20;
const MOST_LOOK_MS = 200;

export interface LocateOptions {
  /** Where the store is now: looked for at every search, because it may have been removed and made anew since the last. */
  readonly locateStore: () => Promise<StoreFolder>;
  /** Main worktree, or plain folder: what the sidecar serves. */
  readonly workspace: string;
  /** What runs `signalbox`, as arguments of this Node. */
  readonly launcher: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds that a start may take in all, 15,000 by default. */
  readonly startMs?: number;
}

/** The options of one search. */
type Search = Omit<LocateOptions, "locateStore"> & { readonly store: StoreFolder };

export function createLocate({ locateStore, ...rest }: LocateOptions): Locate {
  const { env } = rest;
  return async (question) => {
    const store = await locateStore().catch(unreachable);
    const options: Search = { ...rest, store };
    const found = await findSidecar(store, env, question.signal);
    if (found !== undefined || !question.mayStart) return found;
    if (!store.writable) throw notOurs(options);
    return startAndWait(options, question);
  };
}

async function startAndWait(options: Search, { signal }: LocateQuestion): Promise<FoundSidecar> {
  const { store, env, startMs = START_MS } = options;
  const givesUpAtMs = performance.now() + startMs;
  const earlierError = signatureOf(await readStartError(store.folder));
  const boot = await bootId();
  let lock: AsyncDisposable | undefined;
  let started: StartedSidecar | undefined;
  let held: StartError | undefined;
  try {
    for (let lookMs = FIRST_LOOK_MS; performance.now() < givesUpAtMs; lookMs = Math.min(MOST_LOOK_MS, lookMs * 1.5)) {
      if (started === undefined) {
        lock ??= await takeStartLock(store.folder, { bootId: boot });
        signal.throwIfAborted();
        if (lock !== undefined) started = await start(options);
      }
      await pause(lookMs, signal);
      signal.throwIfAborted();
      const found = await findSidecar(store, env, signal);
      if (found !== undefined) return found;
      const error = await readStartError(store.folder);
      if (error !== undefined && signatureOf(error) !== earlierError) {
        if (error.code !== HELD) throw explained(error);
        held = error;
      }
      const exit = started?.exit();
      if (exit !== undefined && exit !== EXIT_HELD && held === undefined) throw endedEarly(exit, options);
    }
    if (held !== undefined) throw explained(held);
    throw new SidecarUnavailable(
      `the sidecar of ${options.workspace} has not come up within ${startMs / 1_000} s: see ${store.folder}/${LOG_FILE}, or run \`signalbox sidecar --workspace ${options.workspace}\``,
      { code: "sidecar/slow-start" },
    );
  } finally {
    await lock?.[Symbol.asyncDispose]();
  }
}

async function start({ launcher, workspace, store, env }: Search): Promise<StartedSidecar> {
  try {
    return await spawnSidecar({ launcher, workspace, folder: store.folder, env });
  } catch (cause) {
    throw new SidecarUnavailable(`the sidecar of ${workspace} cannot be started: ${sentenceOf(cause)}`, {
      code: "sidecar/no-start",
      cause,
    });
  }
}

function unreachable(cause: unknown): never {
  throw new SidecarUnavailable(sentenceOf(cause), { code: codeIn(cause) ?? "store/unreachable", cause });
}

function codeIn(cause: unknown): string | undefined {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function signatureOf(error: StartError | undefined): string | undefined {
  return error === undefined ? undefined : `${error.pid} ${error.at}`;
}

function explained({ code, sentence, command }: StartError): SidecarUnavailable {
  return new SidecarUnavailable(command === undefined ? sentence : `${sentence}: run \`${command}\``, { code });
}

function endedEarly(exit: number | null, { workspace, store }: Search): SidecarUnavailable {
  const how = exit === null ? "was ended by a signal" : `ended with code ${exit}`;
  return new SidecarUnavailable(
    `the sidecar of ${workspace} ${how} before it was up: see ${store.folder}/${LOG_FILE}, or run \`signalbox sidecar --workspace ${workspace}\``,
    { code: "sidecar/ended-early" },
  );
}

/** A sandbox that may not write there must not open the log either: two programs under different rules would share it. */
function notOurs({ workspace, store }: Search): SidecarUnavailable {
  return new SidecarUnavailable(
    `no sidecar runs for ${workspace} and this process may not write ${store.folder}: run \`signalbox sidecar --workspace ${workspace}\` where that is allowed`,
    { code: "sidecar/read-only" },
  );
}
