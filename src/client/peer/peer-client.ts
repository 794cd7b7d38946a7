/** A peer on the bus: what it says is signed, what it hears is proven, handed on once, and acknowledged when it was shown. */
import { BROADCAST, EVERYBODY } from "../../wire/peer/frames.ts";
import { pause } from "../backoff.ts";
import { notConnected, type PeerFault } from "./fault.ts";
import type { Delivery } from "./frames.ts";
import { inbox } from "./inbox.ts";
import { letter } from "./letter.ts";
import { keepRegistered, type RegistrationOptions } from "./registration.ts";
import { isSigned } from "./signature.ts";

/** Acknowledgements of which nobody knows whether the broker has them, before it is asked. */
const MOST_UNCONFIRMED = 1_024;

/** Milliseconds that the end waits for that answer. */
const FAREWELL_MS = 2_000;

export interface PeerClient extends AsyncDisposable {
  /** How it is registered, or tries to be. */
  readonly name: string;
  /**
   * Resolves when the message is on its way; nobody says whether anybody has that name.
   *
   * @param body - JSON text
   * @param id - of a message that may be sent again: a broker drops one whose id it has had; a new one by default
   * @throws PeerFault
   */
  send(to: string, body: string, id?: string): Promise<void>;
  /** To all who are connected now. @param body - JSON text @param id - as with `send` @throws PeerFault */
  broadcast(body: string, id?: string): Promise<void>;
  /** Names of the others who are connected. @throws PeerFault */
  peers(): Promise<readonly string[]>;
  /** Why nothing will come any more, once that is so. */
  readonly ended: PeerFault | undefined;
  /** What came and was not taken yet, or the first so many. They stay the broker's until they are said to be {@link shown}. */
  take(most?: number): readonly Delivery[];
  /** They have reached whoever reads them. */
  shown(deliveries: readonly Delivery[]): void;
}

export interface PeerOptions extends Pick<RegistrationOptions, "broker" | "name" | "nextName" | "onBarred" | "report"> {
  readonly onRegistered: (name: string) => void;
  /** Shared by all peers that trust each other, and by nobody else. */
  readonly secret: string;
  /** Something can be taken. */
  readonly onMessage: () => void;
  /** Messages that wait here at most. */
  readonly mostWaiting?: number;
}

export function createPeerClient({ secret, onMessage, onRegistered, mostWaiting, ...options }: PeerOptions): PeerClient {
  const { report } = options;
  const waiting = inbox(mostWaiting === undefined ? {} : { mostWaiting });

  function hear(delivery: Delivery, ack: (key: string) => void): void {
    if (delivery.key === "") return report("a delivery without delivery_key was passed over");
    if (!isSigned(delivery.envelope, secret)) return report("a message that was signed with another secret was passed over");
    if (waiting.receive(delivery)) ack(delivery.key);
    else if (!waiting.isEmpty) onMessage();
  }

  const registration = keepRegistered({
    ...options,
    hear,
    onAttempt: () => waiting.registered(),
    onRegistered(name, ack) {
      for (const key of waiting.unconfirmed.values()) ack(key);
      onRegistered(name);
    },
  });
  const stop = new AbortController();
  let settling: Promise<void> | undefined;

  /** Waits until the broker has taken all acknowledgements: one that is still on its way is lost with its connection. */
  function settle(): Promise<void> {
    settling ??= confirm().finally(() => (settling = undefined));
    return settling;
  }

  async function confirm(): Promise<void> {
    const ids = [...waiting.unconfirmed.keys()];
    if (ids.length > 0 && (await registration.current?.settled()) === true) waiting.confirmed(ids);
  }

  async function send(to: string, kind: "msg" | typeof BROADCAST, body: string, id?: string): Promise<void> {
    const link = await registration.link();
    await link.send(letter({ from: registration.name, to, kind, body, id, atMs: Date.now(), secret }).text);
  }

  return {
    get name() {
      return registration.name;
    },
    send: (to, body, id) => send(to, "msg", body, id),
    broadcast: (body, id) => send(EVERYBODY, BROADCAST, body, id),
    async peers() {
      const names = await (await registration.link()).peers();
      return names.filter((name) => name !== registration.name);
    },
    get ended() {
      return registration.barred === undefined ? undefined : notConnected(registration.barred);
    },
    take: (most) => waiting.take(most),
    shown(deliveries) {
      waiting.shown(deliveries);
      for (const { key } of deliveries) registration.current?.ack(key);
      if (waiting.wantsMore) void settle().then(() => registration.renew());
      else if (waiting.unconfirmed.size >= MOST_UNCONFIRMED) void settle();
    },
    async [Symbol.asyncDispose]() {
      const settled = Promise.resolve(settling).then(settle); // what was asked before knows nothing of the last ones
      await Promise.race([settled, pause(FAREWELL_MS, stop.signal)]);
      stop.abort();
      await registration[Symbol.asyncDispose]();
    },
  };
}
