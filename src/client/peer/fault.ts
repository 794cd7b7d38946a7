/** The bus cannot do what it was asked. The message is for the agent that asked. */
export class PeerFault extends Error {
  override readonly name: string = "PeerFault";
  readonly code: string = "peer/unavailable";
}

/** What was to be sent reaches nobody, however often it is tried. */
export class PeerMessageUnfit extends PeerFault {
  override readonly name = "PeerMessageUnfit";
  override readonly code = "peer/unfit";
}

/** With why, where that is known. */
export const notConnected = (why = ""): PeerFault => new PeerFault(`adapter: not connected to broker${why === "" ? "" : ` (${why})`}`);
