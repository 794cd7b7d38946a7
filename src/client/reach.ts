/**
 * Getting a connection and keeping one: who may start a sidecar for it, how often it is tried, and when to give up.
 *
 * A caller waits for a bounded time, and one that comes right behind another who waited in vain tries once. In the background it is tried for ever, ever more slowly, and only looked for when
 * nobody needs it.
 */
import { delayBefore, type Pace, pause } from "./backoff.ts";
import { sentenceOf, SidecarUnavailable } from "./faults.ts";

/** Milliseconds for which what a caller waited for in vain is not waited for again. */
const FRESH_MS = 1_000;

export interface Located {
  /** Of the session's WebSocket. */
  readonly uri: string;
  /** Lets us in, where one is known. Never shown. */
  readonly token?: string | undefined;
}

export interface LocateQuestion {
  /** Whether a sidecar may be started when none runs. */
  readonly mayStart: boolean;
  /** Ends the search. A sidecar that was started goes on. */
  readonly signal: AbortSignal;
}

/** Finds the sidecar, or undefined when none runs and none may be started. @throws SidecarUnavailable when none can be */
export type Locate = (question: LocateQuestion) => Promise<Located | undefined>;

export interface ReachOptions<Joined> {
  readonly locate: Locate;
  readonly open: (located: Located) => Promise<Joined>;
  readonly pace: Pace;
  /** Milliseconds that a caller waits. */
  readonly reachMs: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Told after each attempt that came to nothing. */
  readonly onTrouble: (cause: unknown) => void;
}

export interface Reach<Joined> {
  /** What stands, or what comes of connecting now. @throws SidecarUnavailable, or the reason of `signal` */
  reach(signal?: AbortSignal): Promise<Joined>;
  /** What stood is gone. */
  lost(): void;
  /** Connects in the background until it stands; `needed` says, before each attempt, whether a sidecar may be started for it. */
  keep(needed: () => boolean): void;
  /** One attempt that starts no sidecar, or what comes of the one under way; never throws. */
  look(): Promise<void>;
}

export function createReach<Joined>({ locate, open, pace, reachMs, signal, onTrouble }: ReachOptions<Joined>): Reach<Joined> {
  let standing: Joined | undefined;
  let attempt: Promise<Joined> | undefined;
  let losses = 0;
  let keeping = false;
  let needed: () => boolean = () => false;
  let callers = 0;
  let gaveUpAtMs = -Infinity;

  async function tryOnce(): Promise<Joined> {
    const mayStart = () => callers > 0 || needed();
    const before = losses;
    let located = await locate({ mayStart: mayStart(), signal });
    if (located === undefined && mayStart()) located = await locate({ mayStart: true, signal });
    if (located === undefined) throw new SidecarUnavailable("no sidecar runs", { passing: true });
    const joined = await open(located);
    if (losses !== before) throw new SidecarUnavailable("the connection broke right after it was made", { passing: true });
    standing = joined;
    return joined;
  }

  /** One attempt at a time, whoever wants it. */
  function connectNow(): Promise<Joined> {
    attempt ??= tryOnce().finally(() => (attempt = undefined));
    return attempt;
  }

  async function connectForCaller(): Promise<Joined> {
    const nowMs = performance.now();
    const givesUpAtMs = nowMs - gaveUpAtMs < FRESH_MS ? nowMs : nowMs + reachMs;
    for (let tried = 0; ; tried += 1) {
      try {
        return standing ?? (await connectNow());
      } catch (cause) {
        onTrouble(cause);
        signal.throwIfAborted();
        const final = cause instanceof SidecarUnavailable && !cause.passing;
        const isLate = performance.now() >= givesUpAtMs;
        if (isLate) gaveUpAtMs = performance.now();
        if (final || isLate) throw unavailable(cause);
        await pause(delayBefore(tried, pace), signal);
        signal.throwIfAborted();
      }
    }
  }

  async function keepOn(): Promise<void> {
    for (let tried = 0; standing === undefined && !signal.aborted; tried += 1) {
      await pause(delayBefore(tried, pace), signal, { idle: !needed() });
      if (standing !== undefined || signal.aborted) return;
      await connectNow().catch(onTrouble);
    }
  }

  return {
    async reach(callerSignal) {
      signal.throwIfAborted();
      callerSignal?.throwIfAborted();
      if (standing !== undefined) return standing;
      callers += 1;
      try {
        return await abortable(connectForCaller(), callerSignal);
      } finally {
        callers -= 1;
      }
    },
    lost() {
      standing = undefined;
      losses += 1;
    },
    keep(isNeeded) {
      needed = isNeeded;
      if (keeping) return;
      keeping = true;
      void keepOn().finally(() => (keeping = false));
    },
    async look() {
      needed = () => false;
      await connectNow().catch(onTrouble);
    },
  };
}

function unavailable(cause: unknown): SidecarUnavailable {
  if (cause instanceof SidecarUnavailable) return cause;
  return new SidecarUnavailable(`the sidecar cannot be reached (${sentenceOf(cause)}); \`signalbox doctor\` says more`, { cause });
}

/** Ends the wait when the signal fires; the work goes on. */
async function abortable<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}
