/**
 * The bridge as a peer on the bus: connected once its profile is on, under its principal's name, and holding the mail that
 * came until a tool hands it over.
 *
 * A sidecar that was stopped on purpose is not started for mail: this goes where the session is, and only a call asks for one.
 */
import { sentenceOf } from "../client/faults.ts";
import { PeerMessageUnfit } from "../client/peer/fault.ts";
import type { Delivery } from "../client/peer/frames.ts";
import { createPeerClient, type PeerClient, type PeerOptions } from "../client/peer/peer-client.ts";
import type { Broker } from "../client/peer/registration.ts";
import { createSentBefore } from "../tools/mail-once.ts";
import type { PeerMessage, Peers } from "../tools/ports/mail.ts";
import type { Coordination } from "../tools/ports/session.ts";
import type { Json } from "../wire/json.ts";
import { isDeeper } from "../wire/peer/json-scan.ts";
import { type PeerSettings, PeersUnusable } from "./peer-settings.ts";

/** Messages that wait here; the rest stays with the broker. */
const MOST_WAITING = 500;

/** How deep values of a body may stand in each other. Whoever shows a result, a host too, goes down by recursion, and ends where the stack does. */
const MOST_DEPTH = 100;

/** The bus would take this from nobody. */
class MailUnfit extends Error {
  override readonly name = "MailUnfit";
  readonly code = "peers/unfit";
}

/** The bus cannot be used now. */
class PeersUnavailable extends Error {
  override readonly name = "PeersUnavailable";
  readonly code = "peers/unavailable";
}

/** Where a bridge is joined, while it is. */
export interface Seat {
  /** Of the session's WebSocket. */
  readonly uri: string;
  readonly token: string | undefined;
  readonly principalId: string;
}

export interface BridgePeersOptions {
  readonly coordination: Pick<Coordination, "membership">;
  /** The bridge's principal, as far as no session has given it another name. */
  readonly name: string;
  /** Undefined while it is not joined. */
  readonly seat: () => Promise<Seat | undefined>;
  readonly settings: () => Promise<PeerSettings>;
  /** Whether somebody can take the mail. */
  readonly drains: boolean;
  /** Mail came, or was taken. */
  readonly onMail?: () => void;
  readonly report: (line: string) => void;
  /** What is a peer for us; one over a WebSocket by default. */
  readonly makeClient?: (options: PeerOptions) => PeerClient;
}

export interface BridgePeers extends Peers, AsyncDisposable {
  /** Connects in the background. */
  connectSoon(): void;
}

interface Opened {
  readonly client: PeerClient;
  /** Whether the bus is that of the session. */
  readonly isOurs: boolean;
}

export function createPeers({
  coordination,
  name,
  seat,
  settings,
  drains,
  onMail,
  report,
  makeClient = createPeerClient,
}: BridgePeersOptions): BridgePeers {
  let opening: Promise<Opened> | undefined;
  /** Taken from the client, the oldest first. */
  let waiting: Delivery[] = [];
  /** Those of them that were acknowledged before: nobody had read them. */
  const isGivenAgain = new WeakSet<Delivery>();
  let isOver = false;
  const sent = createSentBefore();

  async function open(): Promise<Opened> {
    const said = await settings();
    const isOurs = said.url === undefined;
    const joined = said.name ?? (isOurs ? (await coordination.membership()).principalId : await nameInSession());
    if (isOver) throw new PeersUnavailable("this bridge has left");
    const client = makeClient({
      broker: () => brokerOf(said, seat),
      secret: said.secret,
      name: joined,
      nextName: () => undefined,
      onMessage() {
        fill(client);
        onMail?.();
      },
      onRegistered: () => undefined,
      onBarred: () => undefined, // each call says so
      report: (line) => report(`peers: ${line}`),
      mostWaiting: MOST_WAITING,
    });
    return { client, isOurs };
  }

  async function nameInSession(): Promise<string> {
    return (await coordination.membership().catch(() => undefined))?.principalId ?? name;
  }

  /** Once, because nobody knows for sure that it was not read. */
  function giveAgain(taken: readonly Delivery[]): void {
    const again = taken.filter((delivery) => !isGivenAgain.has(delivery)).map((delivery) => ({ ...delivery, redelivered: true }));
    for (const delivery of again) isGivenAgain.add(delivery);
    waiting = [...again, ...waiting];
    onMail?.();
  }

  function fill(client: PeerClient): void {
    if (drains) waiting.push(...client.take(MOST_WAITING - waiting.length));
  }

  /** What was wrong with the settings may be put right. */
  function opened(): Promise<Opened> {
    opening ??= open().catch((cause: unknown) => {
      opening = undefined;
      throw cause;
    });
    return opening;
  }

  async function over<Result>(act: (client: PeerClient) => Promise<Result>): Promise<Result> {
    try {
      const { client, isOurs } = await opened();
      if (isOurs && (await seat()) === undefined) await coordination.membership();
      return await act(client);
    } catch (cause) {
      if (cause instanceof PeersUnavailable) throw cause;
      if (cause instanceof PeerMessageUnfit) throw new MailUnfit(sentenceOf(cause).replace(/^adapter: /, ""), { cause });
      const isKnown = cause instanceof Error && ["PeerFault", "PeersUnusable", "SidecarUnavailable"].includes(cause.name);
      if (!isKnown) throw cause;
      throw new PeersUnavailable(sentenceOf(cause).replace(/^adapter: /, ""), { cause });
    }
  }

  return {
    connectSoon() {
      opened().catch((cause: unknown) => report(`peers: ${sentenceOf(cause)}`));
    },
    unread: () => waiting.length,
    async waiting(most) {
      const shown = waiting.slice(0, fitting(waiting, most));
      return { messages: shown.map(messageOf), remaining: waiting.length - shown.length };
    },
    async send(to, body, once) {
      sent.admit(once);
      await over((client) => client.send(to, JSON.stringify(body), once?.messageId));
    },
    async broadcast(body, once) {
      sent.admit(once);
      await over((client) => client.broadcast(JSON.stringify(body), once?.messageId));
    },
    names: () => over(async (client) => ({ self: client.name, others: await client.peers() })),
    drain: (most) =>
      over(async (client) => {
        fill(client);
        if (waiting.length === 0) {
          await client.peers(); // "nothing came" is only true of somebody who is connected
          fill(client);
        }
        const count = fitting(waiting, most);
        const taken = waiting.slice(0, count);
        waiting = waiting.slice(count);
        return {
          messages: taken.map(messageOf),
          remaining: waiting.length,
          settle(given) {
            if (given) client.shown(taken.filter((delivery) => !isGivenAgain.has(delivery)));
            else waiting = [...taken, ...waiting];
            fill(client);
            onMail?.();
            return given ? () => giveAgain(taken) : undefined;
          },
        };
      }),
    async [Symbol.asyncDispose]() {
      isOver = true;
      const standing = await opening?.catch(() => undefined);
      await standing?.client[Symbol.asyncDispose]();
    },
  };
}

async function brokerOf({ url, token, name }: PeerSettings, seat: BridgePeersOptions["seat"]): Promise<Broker> {
  if (url !== undefined) return { url, token: token ?? "" };
  const at = await seat();
  if (at === undefined) throw new PeersUnusable("the session is not joined");
  const base = at.uri.endsWith("/") ? at.uri : `${at.uri}/`;
  return { url: `${base}peer`, token: token ?? at.token ?? "", name: name ?? at.principalId };
}

/** How many of them fit, and one in any case. */
function fitting(deliveries: readonly Delivery[], most: number): number {
  let [count, characters] = [0, 0];
  for (const { envelope } of deliveries) {
    characters += envelope.body.length + envelope.from.length;
    if (count > 0 && characters > most) break;
    count += 1;
  }
  return count;
}

/** A body that is deeper than anybody can show is given as its JSON text: one message must not keep the others back. */
function messageOf({ envelope: { id, from, source, body }, redelivered }: Delivery): PeerMessage {
  const shown = isDeeper(body, MOST_DEPTH) ? body : (JSON.parse(body) as Json);
  return { id, from, source, body: shown, ...(redelivered ? { redelivered: true } : {}) };
}
