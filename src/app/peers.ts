/**
 * A peer that this process itself is, for somebody who takes part over HTTP: registered at the session's post office as one
 * with a WebSocket is, and handed the same frames.
 */
import { PeersUnusable, readPeerSettings } from "../bridge/peer-settings.ts";
import { createPeers, type BridgePeers } from "../bridge/peers.ts";
import { notConnected, type PeerFault } from "../client/peer/fault.ts";
import { type Delivery, readBrokerFrame } from "../client/peer/frames.ts";
import { inbox } from "../client/peer/inbox.ts";
import { letter } from "../client/peer/letter.ts";
import type { PeerClient, PeerOptions } from "../client/peer/peer-client.ts";
import { isSigned } from "../client/peer/signature.ts";
import { peersSecret } from "../config/buses.ts";
import type { Line } from "../edge/peer/line.ts";
import type { Counter } from "../edge/peer/peer-edge.ts";
import type { Desk } from "../edge/peer/post-office.ts";
import type { Outcome } from "../engine/outcome.ts";
import type { MailCommand } from "../wire/mail.ts";
import { BROADCAST, EVERYBODY } from "../wire/peer/frames.ts";

export interface OfficePeerOptions {
  /** The session's mail, held open until what it gives is disposed of. */
  readonly enter: () => Promise<Counter>;
  /** Of the credential that its name belongs to. */
  readonly fingerprint: string;
  readonly nowMs: () => number;
}

export interface PeersInsideOptions extends OfficePeerOptions {
  readonly name: string;
  /** What the peers of the session sign their mail with. @throws PeersUnusable */
  readonly secret: () => Promise<string>;
  readonly report: (line: string) => void;
}

export function peersInside({ name, secret, report, ...office }: PeersInsideOptions): BridgePeers {
  return createPeers({
    coordination: { membership: () => Promise.reject(new Error("it has joined already")) },
    name,
    seat: () => Promise.resolve({ uri: "", token: undefined, principalId: name }),
    settings: async () => ({ url: undefined, token: undefined, name, secret: await secret() }),
    drains: true,
    report,
    makeClient: (options) => officePeer(options, office),
  });
}

/** The secret of a repository's peers, whose bridges make one where nobody says it. @param folder - of the store */
export function secretOfRepository(folder: string): Promise<string> {
  return secretIn("own", folder);
}

export async function secretOfHosted(): Promise<string> {
  if (peersSecret() !== undefined) return secretIn("elsewhere", "");
  throw new PeersUnusable(
    "the peers of this session sign their mail with a secret that its coordinator does not know: ask whoever runs it to start it with PEERBUS_HMAC_SECRET, or use the peers through the bridge of your own machine",
  );
}

async function secretIn(kind: "own" | "elsewhere", folder: string): Promise<string> {
  return (await readPeerSettings({ PEERBUS_HMAC_SECRET: peersSecret() }, kind, folder)).secret;
}

interface Open {
  readonly counter: Counter;
  readonly desk: Desk;
}

function officePeer(
  { name, secret, mostWaiting, onMessage, report }: PeerOptions,
  { enter, fingerprint, nowMs }: OfficePeerOptions,
): PeerClient {
  const waiting = inbox(mostWaiting === undefined ? {} : { mostWaiting });
  let opening: Promise<Open> | undefined;
  let isOver = false;
  let barred: PeerFault | undefined;
  /** Whoever waits for the names of the others. */
  let toldNames: ((names: readonly string[]) => void)[] = [];

  function register(): Promise<Open> {
    opening ??= open().catch((cause: unknown) => {
      opening = undefined; // whoever asks next tries again
      throw cause;
    });
    return opening;
  }

  async function open(): Promise<Open> {
    if (isOver) throw notConnected("it has left");
    waiting.registered();
    const counter = await enter();
    let isOpen = true;
    let tellClosed: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (tellClosed = resolve));
    const close = (): void => {
      isOpen = false;
      tellClosed();
      leave(line);
    };
    const line: Line = {
      get isOpen() {
        return isOpen;
      },
      get hasRoom() {
        return !waiting.leavesMore;
      },
      // It has room again when it registers anew.
      untilRoom: () => closed,
      send: (text) => isOpen && hear(text),
      close,
      drop: close,
    };
    const desk = await counter.office.register(line, { name, fingerprint, marks: true });
    if ("code" in desk) {
      counter[Symbol.dispose]();
      const fault = notConnected(desk.message);
      if (desk.code === "mail/name-claimed") barred = fault;
      throw fault;
    }
    lines.set(line, { counter, desk });
    acknowledge(unsaid.splice(0));
    return { counter, desk };
  }

  const lines = new Map<Line, Open>();
  /** What is to be acknowledged once it is registered. */
  const unsaid: Delivery[] = [];

  function leave(line: Line): void {
    const standing = lines.get(line);
    if (standing === undefined || !lines.delete(line)) return;
    opening = undefined;
    standing.desk.leave();
    standing.counter[Symbol.dispose]();
  }

  function hear(text: string): void {
    const frame = readBrokerFrame(text);
    if (frame?.kind === "peers") {
      const told = toldNames;
      toldNames = [];
      for (const tell of told) tell(frame.names);
    } else if (frame?.kind === "deliver") take(frame.delivery);
  }

  function take(delivery: Delivery): void {
    if (!isSigned(delivery.envelope, secret)) return report("a message that was signed with another secret was passed over");
    if (waiting.receive(delivery)) acknowledge([delivery]);
    else if (!waiting.isEmpty) onMessage();
  }

  function acknowledge(deliveries: readonly Delivery[]): void {
    if (lines.size === 0) unsaid.push(...deliveries);
    for (const { key, envelope } of deliveries) {
      const confirm = (outcome: Outcome): void => void (outcome.ok && waiting.confirmed([envelope.id]));
      for (const { desk } of lines.values()) desk.submit({ type: "Acknowledge", name, key }, confirm);
    }
  }

  async function say(command: MailCommand): Promise<void> {
    const { desk } = await register();
    const outcome = await new Promise<Outcome>((resolve) => desk.submit(command, resolve));
    if (!outcome.ok) throw notConnected(outcome.rejection.message);
  }

  async function send(to: string, kind: "msg" | typeof BROADCAST, body: string, named?: string): Promise<void> {
    const { id, text: envelope, bytes } = letter({ from: name, to, kind, body, id: named, atMs: nowMs(), secret });
    await say({ type: "Send", name, id, from: name, to, kind, envelope, bytes });
  }

  void register().catch(() => undefined); // each call says so

  return {
    name,
    send: (to, body, id) => send(to, "msg", body, id),
    broadcast: (body, id) => send(EVERYBODY, BROADCAST, body, id),
    async peers() {
      const { desk } = await register();
      const names = new Promise<readonly string[]>((resolve) => toldNames.push(resolve));
      await desk.sendPeers();
      return (await names).filter((other) => other !== name);
    },
    get ended() {
      return barred;
    },
    take: (most) => waiting.take(most),
    shown(deliveries) {
      waiting.shown(deliveries);
      acknowledge(deliveries);
      // What was left to the office comes when it registers anew.
      if (!waiting.wantsMore) return;
      for (const line of lines.keys()) line.drop();
      void register().catch(() => undefined);
    },
    [Symbol.asyncDispose]() {
      isOver = true;
      for (const line of lines.keys()) line.drop();
      return Promise.resolve();
    },
  };
}
