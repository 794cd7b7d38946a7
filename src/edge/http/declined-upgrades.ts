/**
 * Requests that offer to go on in another protocol than WebSocket: clients that would rather speak HTTP/2 do with every request over
 * a connection without TLS, those of Java among them. Nobody has to take an offer, so they are answered as if they made none; Node
 * hands them over unread as soon as WebSockets are taken.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

export function isOtherThanWebSocket({ headers: { upgrade = "" } }: IncomingMessage): boolean {
  return upgrade.toLowerCase() !== "websocket";
}

/** @param event - under which the server takes its connections */
export function declineUpgrade(
  server: Server,
  event: "connection" | "secureConnection",
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const kept = name.toLowerCase() === "connection" ? value.split(",").filter(isOfConnection).join(",") : value;
    if (!OF_OFFER.has(name.toLowerCase())) lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit(event, socket);
}

const OF_OFFER: ReadonlySet<string> = new Set(["upgrade", "http2-settings"]);

function isOfConnection(option: string): boolean {
  return !OF_OFFER.has(option.trim().toLowerCase());
}
