/**
 * A connection that has joined: HELLO said, SESSION_INFO heard, under a name that nobody else holds.
 */
import { connect, type Connection } from "./connection.ts";
import { SidecarUnavailable, TokenRefused, UpgradeRefused } from "./faults.ts";
import { type Inbound, readInbound, type Refusal, type SessionInfo } from "./inbound.ts";
import type { Located } from "./reach.ts";

/** How many suggested names are tried: others may take the free one in the same moment. */
const MAX_NAMES = 32;

/** Close code of a coordinator that has no session of that name: asking again changes nothing. */
const NO_SUCH_SESSION = 4004;

export interface Link {
  readonly connection: Connection;
  readonly principal: string;
  readonly info: SessionInfo;
}

export interface LinkOptions {
  readonly principal: string;
  /** Lets us in, where one is known. */
  readonly token?: string | undefined;
  /** A HELLO under `principal`. */
  readonly hello: (principal: string) => { readonly id: string; readonly text: string };
  /** Everything that is heard, the answer to HELLO included. */
  readonly hear: (inbound: Inbound) => void;
  readonly pingMs: number;
  /** Milliseconds for the handshake, and again for the joining. */
  readonly joinMs: number;
  readonly signal: AbortSignal;
}

type Reply = Extract<Inbound, { kind: "session-info" | "refusal" }> | { readonly kind: "stranger" };

/** @throws SidecarUnavailable when it refuses us, or what the system says when there is no connection */
export async function openLink(uri: string, options: LinkOptions): Promise<Link> {
  const { principal: first, token, hello, hear, pingMs, joinMs, signal } = options;
  const replies: ((reply: Reply) => void)[] = [];
  let helloId = "";
  const connection = await connect(uri, {
    pingMs,
    handshakeMs: joinMs,
    signal,
    token,
    hear(text) {
      const inbound = readInbound(text);
      if (inbound === undefined) return;
      const reply = replyIn(inbound, helloId);
      hear(inbound);
      if (reply !== undefined) replies.shift()?.(reply);
    },
  }).catch((cause: unknown) => {
    throw cause instanceof UpgradeRefused && cause.isForToken
      ? new TokenRefused({ uri, token }, `HTTP status ${cause.status}`, cause)
      : cause;
  });

  async function ask(principal: string): Promise<Reply> {
    const { id, text } = hello(principal);
    helloId = id;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(joinMs)]);
    return new Promise<Reply>((resolve, reject) => {
      replies.push(resolve);
      const silent = new SidecarUnavailable(`the sidecar at ${uri} does not answer`, { passing: true });
      limit.addEventListener("abort", () => reject(signal.aborted ? (signal.reason as Error) : silent), { once: true });
      void connection.ended.then(({ code, reason }) => {
        const why = reason === "" ? code : `${code}, ${reason}`;
        const passing = code !== NO_SUCH_SESSION;
        reject(new SidecarUnavailable(`the sidecar at ${uri} closed the connection (${why})`, { code: "connection/closed", passing }));
      });
      connection.send(text);
    });
  }

  try {
    let principal = first;
    for (let tried = 0; tried < MAX_NAMES; tried += 1) {
      const reply = await ask(principal);
      if (reply.kind === "stranger") throw strange(uri);
      if (reply.kind === "session-info") return { connection, principal, info: reply.info };
      const { suggested } = reply.refusal;
      if (reply.refusal.rejection.code !== "principal/name-taken" || suggested === undefined)
        throw refused({ uri, token }, principal, reply.refusal);
      principal = suggested;
    }
    throw new SidecarUnavailable(`${MAX_NAMES} names like ${first} are taken; set MPAC_PRINCIPAL_ID to a free one`);
  } catch (cause) {
    connection.terminate();
    throw cause;
  }
}

function replyIn(inbound: Inbound, helloId: string): Reply | undefined {
  if (inbound.kind === "session-info") return inbound;
  if (inbound.kind === "refusal") return inbound.refersTo === helloId ? inbound : undefined;
  return inbound.kind === "envelope" && inbound.envelope.message_type === "SESSION_INFO" ? { kind: "stranger" } : undefined;
}

function refused(located: Located, principal: string, { rejection, errorCode, retryable }: Refusal): SidecarUnavailable {
  if (errorCode === "CREDENTIAL_REJECTED") return new TokenRefused(located, rejection.message);
  return new SidecarUnavailable(`the sidecar refuses ${principal}: ${rejection.message}`, { code: rejection.code, passing: retryable });
}

/** It has let us in, and knows neither our acknowledgements nor our questions, on which every tool stands. */
function strange(uri: string): SidecarUnavailable {
  return new SidecarUnavailable(
    `what answers at ${uri} is not a Signalbox coordinator: it speaks MPAC and says nothing of Signalbox in SESSION_INFO`,
    { code: "connection/stranger" },
  );
}
