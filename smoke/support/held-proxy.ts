/**
 * Stands between a bridge and its sidecar and holds back a message on either side of it, so that a test stops a bridge at
 * one exact moment: before its commit was recorded, or after that and before it knows.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { ask } from "./sidecar.ts";

export interface HeldProxy extends AsyncDisposable {
  readonly port: number;
  /** Resolves when a message of the type was held back. */
  readonly held: Promise<void>;
}

/** @param hold - what is held back: the client's message, or what the sidecar answers to it. Nothing of that connection passes from then on. */
export async function holdBack(
  sidecar: { readonly port: number; readonly uri: string },
  type: string,
  hold: "message" | "answer",
): Promise<HeldProxy> {
  let onHeld: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    onHeld = resolve;
  });
  const server = createServer((request, response) => {
    void ask(sidecar.port, request.url ?? "/").then((answer) => response.writeHead(answer?.status ?? 502).end(answer?.text));
  });
  const sockets = new WebSocketServer({ server });
  const upstreams = new Set<WebSocket>();
  const typeOf = (frame: Buffer): unknown => (JSON.parse(frame.toString()) as { message_type?: unknown }).message_type;

  sockets.on("connection", (client: WebSocket, _request: IncomingMessage) => {
    const upstream = new WebSocket(sidecar.uri);
    upstreams.add(upstream);
    const waiting: string[] = [];
    let stuck = false;
    upstream.on("open", () => {
      for (const frame of waiting.splice(0)) upstream.send(frame);
    });
    client.on("message", (frame: Buffer) => {
      if (!stuck && hold === "message" && typeOf(frame) === type) {
        stuck = true;
        onHeld();
      }
      if (stuck) return;
      if (upstream.readyState === WebSocket.OPEN) upstream.send(frame.toString());
      else waiting.push(frame.toString());
    });
    upstream.on("message", (frame: Buffer) => {
      if (!stuck && hold === "answer" && typeOf(frame) === type) {
        stuck = true;
        onHeld();
      }
      if (!stuck) client.send(frame.toString());
    });
    client.on("close", () => upstream.terminate());
    upstream.on("close", () => client.terminate());
    upstream.on("error", () => client.terminate());
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    held,
    async [Symbol.asyncDispose]() {
      for (const upstream of upstreams) upstream.terminate();
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
