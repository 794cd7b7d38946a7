/** The bus cannot do what it was asked. The message is for the agent that asked. */
export class PeerFault extends Error {
  override readonly name = "PeerFault";
  readonly code = "peer/unavailable";
}

/** With why, where that is known. */
export const notConnected = (why = ""): PeerFault => new PeerFault(`adapter: not connected to broker${why === "" ? "" : ` (${why})`}`);
