/**
 * Which bus a bridge's peers meet on: the broker that PEERBUS_URL names, else that of the session. What else the environment
 * says is taken by name; what it leaves out is known for this machine's own sidecar alone.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { sentenceOf } from "../client/faults.ts";
import { FEWEST_SECRET_BYTES } from "../client/peer/signature.ts";
import { createOnce } from "../git/create-once.ts";

/** In the store's folder: what all bridges of the repository sign their mail with. */
export const PEER_SECRET_FILE = "peers.secret";

/** The environment cannot be used as it is, or the secret cannot be had. */
export class PeersUnusable extends Error {
  override readonly name = "PeersUnusable";
  readonly code = "peers/unusable";
}

export interface PeerSettings {
  /** The broker that PEERBUS_URL names. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly name: string | undefined;
  readonly secret: string;
}

const IN_CLIENT = "in the configuration of this MCP server, and restart the client";

/**
 * @param kind - whose bus is used where no other is named
 * @param folder - of the store
 * @throws PeersUnusable
 */
export async function readPeerSettings(env: NodeJS.ProcessEnv, kind: "own" | "elsewhere", folder: string): Promise<PeerSettings> {
  // Nothing is trimmed: a name and a secret are what they are, for the adapters too.
  const said = (name: string): string | undefined => env[name] || undefined;
  const [url, token, name, given] = [said("PEERBUS_URL"), said("PEERBUS_TOKEN"), said("PEERBUS_NAME"), said("PEERBUS_HMAC_SECRET")];
  if (url !== undefined && !isWebSocket(url))
    throw new PeersUnusable("PEERBUS_URL is not the address of a broker: write ws://host:port or wss://host");
  if (url !== undefined && token === undefined) {
    throw new PeersUnusable(`PEERBUS_TOKEN is not set, and the broker of PEERBUS_URL wants one: set it ${IN_CLIENT}`);
  }
  if (given === undefined && (url !== undefined || kind === "elsewhere")) {
    const where = url === undefined ? "in a session elsewhere" : "on another broker";
    throw new PeersUnusable(
      `PEERBUS_HMAC_SECRET is not set, and peers ${where} know each other by it: set the same text of at least ${FEWEST_SECRET_BYTES} bytes for each of them, ${IN_CLIENT}`,
    );
  }
  const secret = given ?? (await sharedSecret(folder));
  if (Buffer.byteLength(secret) >= FEWEST_SECRET_BYTES) return { url, token, name, secret };
  if (given === undefined) throw new PeersUnusable(`${join(folder, PEER_SECRET_FILE)} holds no secret: delete it, and restart the clients`);
  throw new PeersUnusable(`PEERBUS_HMAC_SECRET has fewer than ${FEWEST_SECRET_BYTES} bytes: set a longer one ${IN_CLIENT}`);
}

/** The same for whoever asks first and everybody behind. */
async function sharedSecret(folder: string): Promise<string> {
  try {
    return (await createOnce(join(folder, PEER_SECRET_FILE), `${randomBytes(32).toString("hex")}\n`)).trim();
  } catch (cause) {
    throw new PeersUnusable(
      `the secret that the peers of this repository share cannot be kept (${sentenceOf(cause)}): start one client where ${folder} may be written, or set PEERBUS_HMAC_SECRET`,
    );
  }
}

function isWebSocket(url: string): boolean {
  return URL.canParse(url) && ["ws:", "wss:", "http:", "https:"].includes(new URL(url).protocol) && new URL(url).hash === "";
}
