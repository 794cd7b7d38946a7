/**
 * How peers' WebSockets differ from those of participants: messages of 1 MiB at most, said in the words that clients know, no
 * subprotocol, and a farewell of their own.
 */
import { WebSocket, WebSocketServer } from "ws";
import { MAX_PEER_FRAME_BYTES } from "../../wire/peer/frames.ts";

const TOO_BIG = 1009;

class PeerSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    // `ws` closes by itself when a message is too long, and says nothing.
    if (code === TOO_BIG && reason === undefined) super.close(code, `read limited at ${MAX_PEER_FRAME_BYTES + 1} bytes`);
    else super.close(code, reason);
  }
}

export function peerSockets(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PEER_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => false,
    WebSocket: PeerSocket,
  });
}

/** What is said to peers when the process ends. */
export const FAREWELL = { code: 1001, reason: "server shutting down" } as const;
