/**
 * One connection of a peer to its broker, from the registration to its end.
 *
 * The first list of peers says that the registration was taken. Later ones answer questions, in the order in which these
 * were asked: nothing else tells which question an answer is for, so one that nobody waits for any longer keeps its place.
 */
import { connect, type Ended } from "../connection.ts";
import { UpgradeRefused } from "../faults.ts";
import { notConnected, PeerFault } from "./fault.ts";
import { ackFrame, type Delivery, PEERS_FRAME, readBrokerFrame, registerFrame } from "./frames.ts";

/** Milliseconds that a handshake may take, and the answer to a registration. */
const ANSWER_MS = 10_000;

/** Milliseconds between two looks whether the broker still answers. */
const PING_MS = 15_000;

/** Milliseconds until a question for the peers is given up. */
const PEERS_MS = 5_000;

/** Largest message that is taken: a broker may make one of a megabyte six times as large by what it escapes in it. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface PeerLink {
  /** Whether it takes messages: one that ends takes none, and is there until it has ended. */
  readonly open: boolean;
  readonly ended: Promise<Ended>;
  /** Resolves when the system has taken the text. @throws PeerFault when the connection is gone */
  send(text: string): Promise<void>;
  ack(key: string): void;
  /** Names of all who are connected, ourselves too. @throws PeerFault */
  peers(): Promise<readonly string[]>;
  /** Whether the broker has taken everything that was sent until now; it may take its time. False when the connection has ended. */
  settled(): Promise<boolean>;
  close(): void;
}

export interface PeerLinkOptions {
  readonly url: string;
  readonly token: string;
  readonly name: string;
  /** At once when the broker has taken the registration, before what it says next. */
  readonly onRegistered: (ack: (key: string) => void) => void;
  /** Deliveries, from the first one on: a broker may be quicker with them than with its answer to the registration. */
  readonly hear: (delivery: Delivery, ack: (key: string) => void) => void;
  readonly signal: AbortSignal;
}

/** The broker has ended the connection instead of taking the registration. */
export class RegistrationRefused extends Error {
  override readonly name = "RegistrationRefused";
  readonly code = "peer/refused";
  readonly ended: Ended;

  constructor(ended: Ended) {
    super(ended.reason === "" ? `the broker closed the connection (${ended.code})` : `the broker refuses: ${ended.reason} (${ended.code})`);
    this.ended = ended;
  }
}

/** @throws RegistrationRefused, PeerFault, or what the system says when there is no connection */
export async function openPeerLink({ url, token, name, onRegistered, hear, signal }: PeerLinkOptions): Promise<PeerLink> {
  /** Who waits for a list of peers, the registration first. */
  const asking: ((names: readonly string[]) => void)[] = [];
  let isRegistered = false;
  const connection = await connect(url, {
    pingMs: PING_MS,
    handshakeMs: ANSWER_MS,
    mostBytes: MOST_BYTES,
    signal,
    hear(text) {
      const frame = readBrokerFrame(text);
      if (frame?.kind === "peers") {
        if (!isRegistered) onRegistered(ack);
        isRegistered = true;
        asking.shift()?.(frame.names);
      }
      if (frame?.kind === "deliver") hear(frame.delivery, ack);
    },
  }).catch((cause: unknown) => {
    // An agent is shown this, and an address may hold what is not for it.
    throw cause instanceof UpgradeRefused ? new PeerFault(`what listens there answers with HTTP status ${cause.status}`) : cause;
  });
  const onAbort = (): void => connection.terminate();
  signal.addEventListener("abort", onAbort, { once: true });
  void connection.ended.then(() => signal.removeEventListener("abort", onAbort));

  function ack(key: string): void {
    if (connection.open) connection.send(ackFrame(key));
  }

  async function send(text: string): Promise<void> {
    await connection.flush(text).catch((cause: unknown) => {
      throw notConnected(cause instanceof Error ? cause.message : String(cause));
    });
  }

  /** Sends `text` and gives the list that is its answer. @param limitMs - none for as long as the connection stands */
  async function ask(text: string, limitMs?: number): Promise<readonly string[] | "gone" | "late"> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      if (limitMs !== undefined) timer = setTimeout(() => resolve("late"), limitMs);
    });
    const names = new Promise<readonly string[]>((resolve) => asking.push(resolve));
    try {
      await send(text);
      return await Promise.race([names, late, connection.ended.then(() => "gone" as const)]);
    } finally {
      clearTimeout(timer);
    }
  }

  const registered = await ask(registerFrame(token, name), ANSWER_MS);
  if (registered === "gone") throw new RegistrationRefused(await connection.ended);
  if (registered === "late") {
    connection.terminate();
    throw new PeerFault("the broker does not answer the registration");
  }
  return {
    get open() {
      return connection.open;
    },
    ended: connection.ended,
    send,
    ack,
    async peers() {
      const names = await ask(PEERS_FRAME, PEERS_MS);
      if (names === "late") throw new PeerFault("adapter: peers reply timed out");
      if (names === "gone") throw notConnected();
      return names;
    },
    async settled() {
      return Array.isArray(await ask(PEERS_FRAME).catch(() => "gone"));
    },
    close: () => connection.close(),
  };
}
