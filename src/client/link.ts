/**
 * A connection that has joined: HELLO said, SESSION_INFO heard, under a name that nobody else holds.
 */
import { connect, type Connection } from "./connection.ts";
import { SidecarUnavailable } from "./faults.ts";
import { type Inbound, readInbound, type SessionInfo } from "./inbound.ts";

/** How many suggested names are tried: others may take the free one in the same moment. */
const MAX_NAMES = 32;

export interface Link {
  readonly connection: Connection;
  readonly principal: string;
  readonly info: SessionInfo;
}

export interface LinkOptions {
  readonly principal: string;
  /** A HELLO under `principal`. */
  readonly hello: (principal: string) => { readonly id: string; readonly text: string };
  /** Everything that is heard, the answer to HELLO included. */
  readonly hear: (inbound: Inbound) => void;
  readonly pingMs: number;
  /** Milliseconds for the handshake, and again for the joining. */
  readonly joinMs: number;
  readonly signal: AbortSignal;
}

type Reply = Extract<Inbound, { kind: "session-info" | "refusal" }>;

/** @throws SidecarUnavailable when it refuses us, or what the system says when there is no connection */
export async function openLink(uri: string, { principal: first, hello, hear, pingMs, joinMs, signal }: LinkOptions): Promise<Link> {
  const replies: ((reply: Reply) => void)[] = [];
  let helloId = "";
  const connection = await connect(uri, {
    pingMs,
    handshakeMs: joinMs,
    signal,
    hear(text) {
      const inbound = readInbound(text);
      if (inbound === undefined) return;
      const answersHello = inbound.kind === "session-info" || (inbound.kind === "refusal" && inbound.refersTo === helloId);
      hear(inbound);
      if (answersHello) replies.shift()?.(inbound);
    },
  });

  async function ask(principal: string): Promise<Reply> {
    const { id, text } = hello(principal);
    helloId = id;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(joinMs)]);
    return new Promise<Reply>((resolve, reject) => {
      replies.push(resolve);
      const silent = new SidecarUnavailable(`the sidecar at ${uri} does not answer`, { passing: true });
      limit.addEventListener("abort", () => reject(signal.aborted ? (signal.reason as Error) : silent), { once: true });
      void connection.ended.then(({ code }) =>
        reject(new SidecarUnavailable(`the sidecar at ${uri} closed the connection (${code})`, { passing: true })),
      );
      connection.send(text);
    });
  }

  try {
    let principal = first;
    for (let tried = 0; tried < MAX_NAMES; tried += 1) {
      const reply = await ask(principal);
      if (reply.kind === "session-info") return { connection, principal, info: reply.info };
      const { rejection, retryable, suggested } = reply.refusal;
      if (rejection.code !== "principal/name-taken" || suggested === undefined) {
        throw new SidecarUnavailable(`the sidecar refuses ${principal}: ${rejection.message}`, {
          code: rejection.code,
          passing: retryable,
        });
      }
      principal = suggested;
    }
    throw new SidecarUnavailable(`${MAX_NAMES} names like ${first} are taken; set MPAC_PRINCIPAL_ID to a free one`);
  } catch (cause) {
    connection.terminate();
    throw cause;
  }
}
