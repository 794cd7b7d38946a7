/** The mail of peers, as one of them sends and takes it. */
import type { Json } from "../../wire/json.ts";
import type { Settle } from "./settle.ts";

export interface PeerMessage {
  readonly id: string;
  readonly from: string;
  readonly source: string;
  readonly body: Json;
  /** It was sent before, so that somebody of this name may have seen it. */
  readonly redelivered?: true;
}

/** A message that its sender may ask for again. */
export interface Once {
  /** Whoever sends it, and its own id for the call, in one. */
  readonly request: string;
  /** Follows from the request and what the message says: a broker that knows it drops the message. 32 hex digits. */
  readonly messageId: string;
}

export interface Drained {
  readonly messages: readonly PeerMessage[];
  /** How many wait still. */
  readonly remaining: number;
  /** To be told whether they reached whoever asked: if so they are acknowledged, else they wait again. */
  readonly settle: Settle;
}

/**
 * The peers' mail, under the caller's name there.
 *
 * @throws PeersUnavailable when the bus cannot be used now, MailUnfit when a message is too large for it, RequestReused when
 * `once` is of a request that said something else before; their `message` is a sentence for the reader
 */
export interface Peers {
  /** How many messages wait here; 0 where nobody takes any. */
  unread(): number;
  /** The oldest that wait, as many as fit into so many characters of JSON, and one in any case; none of them is taken. */
  waiting?(most: number): Promise<Pick<Drained, "messages" | "remaining">>;
  /** Resolves when it is on its way: nobody says whether anybody has that name. */
  send(to: string, body: Json, once?: Once): Promise<void>;
  /** To all who are connected now. */
  broadcast(body: Json, once?: Once): Promise<void>;
  names(): Promise<{ readonly self: string; readonly others: readonly string[] }>;
  /** The oldest that wait, as many as fit into so many characters of JSON, and one in any case. */
  drain(most: number): Promise<Drained>;
}
