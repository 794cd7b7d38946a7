/**
 * Keeps a peer registered: anew after each loss, ever more slowly, under another name when its own is somebody else's and
 * may be changed. Only a name that is taken and has to stay ends the trying.
 */
import { pause } from "../backoff.ts";
import { notConnected } from "./fault.ts";
import { type Delivery, NAME_CLAIMED, POLICY_VIOLATION } from "./frames.ts";
import { openPeerLink, type PeerLink, RegistrationRefused } from "./peer-link.ts";

/** Milliseconds before the first attempt after a loss, doubled for each further one, and most of them. */
const FIRST_MS = 100;
const MOST_MS = 5_000;

/** A connection that stood for so many milliseconds was a good one: the loss after it is a first one. */
const GOOD_MS = 5_000;

/** Milliseconds that a call waits for a connection that is being made. */
const CONNECTING_MS = 2_000;

/** A broker, and what lets a peer in. */
export interface Broker {
  readonly url: string;
  readonly token: string;
  /** What to be called there from now on, where that changes. */
  readonly name?: string;
}

export interface RegistrationOptions {
  /** Asked before each attempt, because a broker may move; one that throws says why there is none. */
  readonly broker: () => Promise<Broker>;
  readonly name: string;
  /** Another name, when this one is somebody else's. */
  readonly nextName: () => string | undefined;
  readonly hear: (delivery: Delivery, ack: (key: string) => void) => void;
  /** Before each attempt. */
  readonly onAttempt: () => void;
  /** At once, before anything is delivered. */
  readonly onRegistered: (name: string, ack: (key: string) => void) => void;
  /** The name is somebody else's, and there is no other. */
  readonly onBarred: (name: string) => void;
  /** A line for whoever looks after the machine. */
  readonly report: (line: string) => void;
}

export interface Registration extends AsyncDisposable {
  /** How it is registered, or tries to be. */
  readonly name: string;
  /** The connection; one that is being made is waited for, for two seconds, and it is made at once. @throws PeerFault */
  link(): Promise<PeerLink>;
  /** The connection that there is now. */
  readonly current: PeerLink | undefined;
  /** Why it tries no more, once it does not. */
  readonly barred: string | undefined;
  /** Registers anew at once, so that the broker sends again what was not acknowledged. */
  renew(): void;
}

export function keepRegistered(options: RegistrationOptions): Registration {
  const { broker, hear, nextName, onAttempt, onRegistered, onBarred, report } = options;
  let { name } = options;
  const stop = new AbortController();
  let current: PeerLink | undefined;
  /** Calls that wait for a connection. */
  const awaited = new Set<() => void>();
  let whyNot = "";
  /** Ends the pause before the next attempt. */
  let hurry = new AbortController();
  let renewing = false;
  let over = false;
  let barred: string | undefined;

  const connecting = (): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        awaited.delete(go);
        resolve();
      };
      const timer = setTimeout(go, CONNECTING_MS);
      awaited.add(go);
    });

  function wake(): void {
    for (const go of awaited) go();
  }

  /** Each reason once: a broker may be away for days. */
  function tell(reason: string): void {
    if (!over && reason !== whyNot) report(`not registered as ${name}: ${reason}`);
    whyNot = reason;
  }

  /** A connection from its beginning to its end. @returns milliseconds that it stood @throws when there was none */
  async function carryOne(): Promise<number> {
    onAttempt();
    const { url, token, name: given = name } = await broker();
    name = given;
    const link = await openPeerLink({ url, token, name, onRegistered: (ack) => onRegistered(name, ack), hear, signal: stop.signal });
    const sinceMs = performance.now();
    current = link;
    wake();
    const { code, reason } = await link.ended;
    current = undefined;
    if (renewing) return GOOD_MS;
    tell(`the connection ended (${code}${reason === "" ? "" : `, ${reason}`})`);
    return performance.now() - sinceMs;
  }

  async function run(): Promise<void> {
    let losses = 0;
    while (!over) {
      const stood = await carryOne().catch((fault: unknown) => fault);
      if (isClaimed(stood)) {
        const next = nextName();
        tell(
          `the name is claimed under a different token; ${next === undefined ? "start again with another PEERBUS_NAME" : `trying ${next}`}`,
        );
        if (next === undefined) {
          over = true;
          barred = whyNot;
          wake();
          return onBarred(name);
        }
        name = next;
        continue;
      }
      if (typeof stood !== "number") tell(stood instanceof Error ? stood.message || stood.name : String(stood));
      else if (stood >= GOOD_MS) losses = 0;
      if (renewing) {
        renewing = false;
        continue;
      }
      const step = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(losses, 10));
      losses += 1;
      hurry = new AbortController();
      await pause(step + (step / 2) * Math.random(), AbortSignal.any([stop.signal, hurry.signal]));
    }
  }
  const running = run();

  return {
    get name() {
      return name;
    },
    async link() {
      if (current?.open !== true && !over) {
        hurry.abort();
        await connecting();
      }
      if (current?.open !== true) throw notConnected(whyNot);
      return current;
    },
    get current() {
      return current;
    },
    get barred() {
      return barred;
    },
    renew() {
      if (current === undefined || renewing) return;
      renewing = true;
      current.close();
    },
    async [Symbol.asyncDispose]() {
      over = true;
      current?.close();
      await current?.ended;
      stop.abort(notConnected());
      await running;
    },
  };
}

const isClaimed = (fault: unknown): boolean =>
  fault instanceof RegistrationRefused && fault.ended.code === POLICY_VIOLATION && fault.ended.reason === NAME_CLAIMED;
