/** A peer on the bus: what it says is signed, what it hears is proven, handed on once, and acknowledged when it was shown. */
import { randomBytes } from "node:crypto";
import { travellingEnvelope } from "../../wire/peer/canonical.ts";
import { PeerFault } from "./fault.ts";
import { type Delivery, MOST_FRAME_BYTES } from "./frames.ts";
import { inbox } from "./inbox.ts";
import { keepRegistered, type RegistrationOptions } from "./registration.ts";
import { isSigned, signed } from "./signature.ts";

/** What a broker puts around an envelope when it delivers it, in bytes, with the longest name that anybody thinks of. */
const WRAPPING_BYTES = 512;

/** What every message of an agent says of where it comes from. */
const SOURCE = "peer-bus";

/** Stands for everybody who is connected. */
const EVERYBODY = "*";

export interface PeerClient extends AsyncDisposable {
  /** How it is registered, or tries to be. */
  readonly name: string;
  /** Resolves when the message is on its way; nobody says whether anybody has that name. @param body - JSON text @throws PeerFault */
  send(to: string, body: string): Promise<void>;
  /** To all who are connected now. @param body - JSON text @throws PeerFault */
  broadcast(body: string): Promise<void>;
  /** Names of the others who are connected. @throws PeerFault */
  peers(): Promise<readonly string[]>;
  /** What came and was not taken yet, or the first so many. They stay the broker's until they are said to be {@link shown}. */
  take(most?: number): readonly Delivery[];
  /** They have reached whoever reads them. */
  shown(deliveries: readonly Delivery[]): void;
}

export interface PeerOptions extends Pick<
  RegistrationOptions,
  "url" | "token" | "name" | "nextName" | "onRegistered" | "onBarred" | "report"
> {
  /** Shared by all peers that trust each other, and by nobody else. */
  readonly secret: string;
  /** Something can be taken. */
  readonly onMessage: () => void;
  /** Messages that wait here at most. */
  readonly mostWaiting?: number;
}

export function createPeerClient({ secret, onMessage, mostWaiting, ...options }: PeerOptions): PeerClient {
  const { report } = options;
  const waiting = inbox(mostWaiting === undefined ? {} : { mostWaiting });

  function hear(delivery: Delivery, ack: (key: string) => void): void {
    if (delivery.key === "") return report("a delivery without delivery_key was passed over");
    if (!isSigned(delivery.envelope, secret)) return report("a message that was signed with another secret was passed over");
    if (waiting.receive(delivery)) ack(delivery.key);
    else if (!waiting.isEmpty) onMessage();
  }

  const registration = keepRegistered({ ...options, hear, onAttempt: () => waiting.registered() });

  async function send(to: string, kind: "msg" | "broadcast", body: string): Promise<void> {
    const link = await registration.link();
    const text = travellingEnvelope(
      signed(
        {
          protocol_version: "v1",
          id: randomBytes(16).toString("hex"),
          from: registration.name,
          to,
          ts: new Date().toISOString().replace(/\.?0+Z$/, "Z"),
          source: SOURCE,
          kind,
          body,
        },
        secret,
      ),
    );
    const bytes = Buffer.byteLength(text);
    const most = MOST_FRAME_BYTES - WRAPPING_BYTES;
    if (bytes > most)
      throw new PeerFault(`adapter: the message takes ${bytes} bytes of ${most} that reach a peer; send less, or where it is to be found`);
    await link.send(text);
  }

  return {
    get name() {
      return registration.name;
    },
    send: (to, body) => send(to, "msg", body),
    broadcast: (body) => send(EVERYBODY, "broadcast", body),
    async peers() {
      const names = await (await registration.link()).peers();
      return names.filter((name) => name !== registration.name);
    },
    take: (most) => waiting.take(most),
    shown(deliveries) {
      waiting.shown(deliveries);
      for (const { key } of deliveries) registration.current?.ack(key);
      if (waiting.wantsMore) registration.renew();
    },
    [Symbol.asyncDispose]: () => registration[Symbol.asyncDispose](),
  };
}
