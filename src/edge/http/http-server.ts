/**
 * The one listener of a sidecar: HTTP by hono, WebSockets by `ws` on the same port, both behind the same guard.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Hono } from "hono";
import { type WebSocket, WebSocketServer } from "ws";
import { MAX_FRAME_BYTES } from "../../wire/mpac/envelope.ts";
import { barredBy, type GuardOptions } from "./guard.ts";
import { declineUpgrade, isOtherThanWebSocket } from "./declined-upgrades.ts";
import { endWithConnection } from "./queued-responses.ts";

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
  /** Shows this certificate to whoever connects from now on; nothing to a listener that speaks in the open. */
  renew(tls: TlsFiles): void;
}

/** A certificate with its chain and its key, as PEM. */
export interface TlsFiles {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface HttpServerOptions extends Omit<GuardOptions, "port"> {
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** Without these the listener speaks in the open. */
  readonly tls?: TlsFiles | undefined;
  readonly routes: Hono;
  /** Takes an upgraded socket, or says with which status and sentence it is not taken. */
  readonly upgrade: (path: string) => TakeSocket | OwnSockets | { readonly status: 404; readonly why: string };
}

export type TakeSocket = (socket: WebSocket, request: IncomingMessage) => void;

/** A path whose WebSockets are not as all others: they are made by a server of its own. */
export interface OwnSockets {
  readonly sockets: WebSocketServer;
  readonly take: TakeSocket;
  /** What its clients are told when the listener closes. */
  readonly farewell: { readonly code: number; readonly reason: string };
}

/** Headers may be this long in all, in bytes; nothing of ours comes near it. */
const MAX_HEADER_BYTES = 16 * 1024;

const FAREWELL = { code: 1012, reason: "the sidecar is stopping; join again" };

/** @throws Error with code EADDRINUSE when the port is taken */
export async function listen(options: HttpServerOptions): Promise<HttpServer> {
  const { routes, upgrade, host, port, allowedOrigins, anyHost = false, sameOrigin = false, tls } = options;
  const guard = { host, port, allowedOrigins, anyHost, sameOrigin };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const answer = getRequestListener(routes.fetch, { errorHandler: unreadable });

  const onRequest: RequestListener = (request, response) => {
    if (!endWithConnection(response)) return;
    const barred = barredBy(request, guard);
    if (barred === undefined) return void answer(request, response);
    response.writeHead(403, { "content-type": "application/json" }).end(JSON.stringify(saidTo(request.url ?? "", barred)));
  };
  const limits = { maxHeaderSize: MAX_HEADER_BYTES };
  const server: Server = tls === undefined ? createServer(limits, onRequest) : createTlsServer({ ...limits, ...tls }, onRequest);

  const served = new Map<WebSocketServer, OwnSockets["farewell"]>();
  const raw = new Set<Duplex>();
  // Two functions for all sockets: what listens as long as a socket lives costs each of them something, and one that is made
  // where the request is known keeps that as well.
  function forget(this: Duplex): void {
    raw.delete(this);
  }
  function destroy(this: Duplex): void {
    this.destroy();
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isOtherThanWebSocket(request)) {
      return declineUpgrade(server, tls === undefined ? "connection" : "secureConnection", request, socket, head);
    }
    raw.add(socket);
    socket.on("close", forget);
    // A client that goes away in the handshake is its own affair.
    socket.on("error", destroy);
    const barred = barredBy(request, guard);
    if (barred !== undefined) return refuseUpgrade(socket, 403, barred);
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const taken = upgrade(path);
    if ("status" in taken) return refuseUpgrade(socket, taken.status, taken.why);
    const { sockets: own, take, farewell } = typeof taken === "function" ? { sockets, take: taken, farewell: FAREWELL } : taken;
    served.set(own, farewell);
    own.handleUpgrade(request, socket, head, (webSocket) => take(webSocket, request));
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  guard.port = (server.address() as AddressInfo).port;

  return {
    port: guard.port,
    renew(next) {
      if (server instanceof TlsServer) server.setSecureContext(next);
    },
    async [Symbol.asyncDispose]() {
      for (const [{ clients }, { code, reason }] of served) for (const client of clients) client.close(code, reason);
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // A client that does not answer the close frame is not waited for.
        setTimeout(() => {
          for (const socket of raw) socket.destroy();
        }, 500).unref();
      });
    },
  };
}

/** Where MCP is spoken, errors have the form of JSON-RPC. */
const MCP_PATH = /^(?:\/session\/[^/?]+)?\/mcp(?:\?|$)/;

function saidTo(url: string, barred: string): object {
  return MCP_PATH.test(url) ? { jsonrpc: "2.0", id: null, error: { code: -32600, message: barred } } : { detail: barred };
}

/** A request that no route sees: what stands there for its address is none. */
function unreadable(error: unknown): Response {
  if (!(error instanceof RequestError)) return Response.json({ detail: "the sidecar could not answer this" }, { status: 500 });
  const how = "percent-encode what stands for something else in an address, as a backslash does (%5C)";
  return Response.json({ detail: `the address of this request cannot be read; ${how}` }, { status: 400 });
}

function refuseUpgrade(socket: Duplex, status: number, why: string): void {
  // A client that keeps its half open would keep the descriptor, too.
  socket.once("finish", () => socket.destroy());
  const body = JSON.stringify({ detail: why });
  const reason = status === 403 ? "Forbidden" : "Not Found";
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
