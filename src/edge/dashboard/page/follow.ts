/**
 * Keeps the page in step with the session: reads the state when it is told of a change, and comes back by itself when the
 * connection is lost.
 */
import type { DashboardState } from "../../../wire/dashboard.ts";
import { eventsIn } from "./events.ts";

/** How far apart two readings are at least, and at most while nothing is committed, in milliseconds: what is only seen has no record. */
const PACE_MS = 250;
const REFRESH_MS = 10_000;

/** The sidecar says something at least every 15 s; after this long without a word the connection is given up. */
const SILENT_MS = 40_000;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** The secret is not, or no longer, good for anything. */
export class Locked extends Error {
  override readonly name = "Locked";
}

export interface Following {
  readonly onState: (state: DashboardState) => void;
  readonly onHeard: () => void;
  readonly onLive: () => void;
  /** The connection is gone; the next attempt begins in `pauseMs`. */
  readonly onLost: (why: string, pauseMs: number) => void;
}

/** Asks for `path` under `dashboard/`. @throws Locked, Error with what the sidecar says */
export async function ask(path: string, token: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`dashboard/${path}`, { ...init, headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  if (response.ok) return response;
  const told = ((await response.json().catch(() => ({}))) as { readonly detail?: unknown }).detail;
  const why = typeof told === "string" ? told : `the sidecar answered ${response.status}`;
  throw response.status === 401 ? new Locked(why) : new Error(why);
}

/** Follows until the secret is refused. @throws Locked */
export async function follow(token: string, following: Following): Promise<never> {
  let pauseMs = FIRST_PAUSE_MS;
  const onLive = (): void => {
    pauseMs = FIRST_PAUSE_MS;
    following.onLive();
  };
  for (;;) {
    const why = await followOnce(token, { ...following, onLive }).catch((error: unknown) => {
      if (error instanceof Locked) throw error;
      return error instanceof TypeError ? "the sidecar cannot be reached" : (error as Error).message;
    });
    following.onLost(why, pauseMs);
    await pause(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

/** One connection, until it ends. Resolves with why. */
async function followOnce(token: string, { onState, onHeard, onLive }: Following): Promise<string> {
  const ended = new AbortController();
  let heardAtMs = performance.now();
  const heard = (): void => {
    heardAtMs = performance.now();
    onHeard();
  };
  const watch = setInterval(() => {
    if (performance.now() - heardAtMs > SILENT_MS) ended.abort();
  }, 1_000);

  const isDue = flag();
  async function readOnChange(): Promise<void> {
    while (!ended.signal.aborted) {
      const response = await ask("state", token, { signal: ended.signal });
      onState((await response.json()) as DashboardState);
      heard();
      await pause(PACE_MS);
      await Promise.race([isDue.raised(), pause(REFRESH_MS)]);
    }
  }
  async function listen(): Promise<string> {
    const { body } = await ask("events", token, { signal: ended.signal });
    onLive();
    for await (const { event, data } of eventsIn(body as unknown as AsyncIterable<Uint8Array>, heard)) {
      if (event === "fault") return (JSON.parse(data) as { detail: string }).detail;
      isDue.raise();
    }
    return "the sidecar ended the connection";
  }

  try {
    return await Promise.race([listen(), readOnChange().then(() => "the sidecar fell silent")]);
  } finally {
    clearInterval(watch);
    ended.abort();
  }
}

/** Something that is wanted, once or many times, until somebody takes it up. */
function flag(): { raise(): void; raised(): Promise<void> } {
  let isRaised = false;
  let wake: () => void = () => undefined;
  return {
    raise() {
      isRaised = true;
      wake();
    },
    async raised() {
      if (!isRaised) await new Promise<void>((resolve) => (wake = resolve));
      isRaised = false;
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
