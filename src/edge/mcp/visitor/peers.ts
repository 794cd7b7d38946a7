/** The mail of peers, for whoever takes part over HTTP. */
import type { Peers } from "../../../tools/ports.ts";

/** The tools know it by its name. */
class PeersUnavailable extends Error {
  override readonly name = "PeersUnavailable";
  readonly code = "peers/unavailable";
}

const unavailable = (): Promise<never> =>
  Promise.reject(new PeersUnavailable("whoever takes no part in the session has no mail; sign in to send and to receive it"));

/** Of whoever has no name here. */
export const NO_PEERS: Peers = {
  unread: () => 0,
  send: unavailable,
  broadcast: unavailable,
  names: unavailable,
  drain: unavailable,
};
