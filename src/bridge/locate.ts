/**
 * Finding the repository's sidecar, and starting it when there is none.
 *
 * Of many bridges that find none one starts it and the others wait for it. Nothing is ever killed here: a sidecar that
 * cannot start says why in `start-error.json`, and that sentence is what its bridge passes on.
 *
 * A sidecar of an older control number is no sidecar to us: the one that we start asks it for the store. One of a newer
 * number is left alone, and so is a store whose owner lives where we cannot see it.
 */
import { pause } from "../client/backoff.ts";
import { SidecarUnavailable, sentenceOf } from "../client/faults.ts";
import type { Locate, LocateQuestion } from "../client/reach.ts";
import { checkControl } from "../client/versions.ts";
import { bootId } from "../git/boot-id.ts";
import { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { ownerElsewhere } from "../git/owner-file.ts";
import { readStartError } from "../git/start-error.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Owner } from "../wire/owner.ts";
import type { StartError } from "../wire/start-error.ts";
import { CONTROL } from "../wire/versions.ts";
import { findSidecar, type FoundSidecar } from "./find-sidecar.ts";
import { EXIT_ELSEWHERE, EXIT_HELD, LOG_FILE, spawnSidecar, type StartedSidecar } from "./spawn-sidecar.ts";
import { takeStartLock } from "./start-lock.ts";

/**
 * What a sidecar says that found another one at work: that one is waited for. From where it was started the owner may have
 * been out of sight; whether that is so from here we look ourselves.
 */
const TAKEN: readonly string[] = ["store/held", "store/owned-elsewhere"];
const EXITS_TAKEN: readonly (number | null)[] = [EXIT_HELD, EXIT_ELSEWHERE];

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
    if (found !== undefined && !isOlder(found)) return fitting(found);
    if (!question.mayStart) return undefined;
    if (!store.writable) return found === undefined ? notOurs(options) : fitting(found);
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
  let owner: Owner | undefined;
  try {
    for (let lookMs = FIRST_LOOK_MS; performance.now() < givesUpAtMs; lookMs = Math.min(MOST_LOOK_MS, lookMs * 1.5)) {
      if (started === undefined)
        lock ??= await takeStartLock(store.folder, { bootId: boot }).catch((cause: unknown) => {
          throw cannotStart(options, cause);
        });
      // Looked for with the lock in hand: whoever had it before may have started one since our last look.
      owner = await ownerElsewhere(store.folder);
      const found = await findSidecar(store, env, signal);
      signal.throwIfAborted();
      if (found !== undefined && !isOlder(found)) return fitting(found);
      if (found === undefined && owner?.address !== undefined) throw elsewhere(owner);
      const error = await readStartError(store.folder);
      if (error !== undefined && signatureOf(error) !== earlierError) {
        if (!TAKEN.includes(error.code)) throw explained(error);
        held = error;
      }
      const exit = started?.exit();
      if (exit !== undefined && !EXITS_TAKEN.includes(exit) && held === undefined) throw endedEarly(exit, options);
      if (exit !== undefined && found !== undefined) started = undefined; // another old one was faster: that one is asked, too
      if (lock !== undefined && started === undefined && owner === undefined) started = await start(options, found);
      await pause(lookMs, signal);
      signal.throwIfAborted();
    }
    if (owner !== undefined) throw elsewhere(owner);
    if (held !== undefined) throw explained(held);
    throw new SidecarUnavailable(
      `the sidecar of ${options.workspace} has not come up within ${startMs / 1_000} s: see ${store.folder}/${LOG_FILE}, or run \`signalbox sidecar --workspace ${options.workspace}\``,
      { code: "sidecar/slow-start" },
    );
  } finally {
    await lock?.[Symbol.asyncDispose]();
  }
}

/** @param older - the sidecar whose store the new one is to take over */
async function start({ launcher, workspace, store, env }: Search, older: FoundSidecar | undefined): Promise<StartedSidecar> {
  try {
    return await spawnSidecar({ launcher, workspace, folder: store.folder, env, succeeds: older !== undefined });
  } catch (cause) {
    throw new SidecarUnavailable(`the sidecar of ${workspace} cannot be started: ${sentenceOf(cause)}`, {
      code: "sidecar/no-start",
      cause,
    });
  }
}

function isOlder({ health }: FoundSidecar): boolean {
  return health.control < CONTROL;
}

/** @throws SidecarUnavailable when its control number is another one */
function fitting(found: FoundSidecar): FoundSidecar {
  const why = checkControl(CONTROL, found.health);
  if (why !== undefined) throw why;
  return found;
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

/** Waiting makes no room on a disk: whoever called hears it now, and the next call looks again. */
function cannotStart({ workspace }: Search, cause: unknown): SidecarUnavailable {
  return new SidecarUnavailable(`no sidecar runs for ${workspace}, and none can be started: ${sentenceOf(cause)}`, {
    code: codeIn(cause) ?? "sidecar/no-start",
    cause,
  });
}

function endedEarly(exit: number | null, { workspace, store }: Search): SidecarUnavailable {
  const how = exit === null ? "was ended by a signal" : `ended with code ${exit}`;
  return new SidecarUnavailable(
    `the sidecar of ${workspace} ${how} before it was up: see ${store.folder}/${LOG_FILE}, or run \`signalbox sidecar --workspace ${workspace}\``,
    { code: "sidecar/ended-early" },
  );
}

function elsewhere(owner: Owner): SidecarUnavailable {
  const { code, message } = new OwnedElsewhere(owner);
  return new SidecarUnavailable(message, { code });
}

/** A sandbox that may not write there must not open the log either: two programs under different rules would share it. */
async function notOurs({ workspace, store }: Search): Promise<never> {
  const owner = await ownerElsewhere(store.folder);
  if (owner !== undefined) throw elsewhere(owner);
  throw new SidecarUnavailable(
    `no sidecar runs for ${workspace} and this process may not write ${store.folder}: run \`signalbox sidecar --workspace ${workspace}\` where that is allowed`,
    { code: "sidecar/read-only" },
  );
}
