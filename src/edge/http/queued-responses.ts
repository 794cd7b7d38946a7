/**
 * Responses that wait for their turn on a connection, behind that of a request which was sent before theirs. When the connection
 * is gone, Node says so to the one whose turn it is: without this, what the others stand for would go on, some of it for ever.
 *
 * Clients send few requests ahead of an answer, and most none. Node takes as many as come, two megabytes of them before anybody
 * else has a turn: a connection that sends many is cut.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests that may be sent ahead of an answer. */
const MOST_AHEAD = 64;

const queued = new WeakMap<Socket, Set<ServerResponse>>();

/** Whether there is anybody to respond to. A response whose turn it is needs nothing else of this. */
export function endWithConnection(response: ServerResponse): boolean {
  const { socket } = response.req;
  if (response.socket !== null) return true;
  if (socket.destroyed) return false;
  const standing = queued.get(socket);
  const waiting = standing ?? new Set();
  waiting.add(response);
  response.once("close", () => waiting.delete(response));
  if (standing === undefined) {
    queued.set(socket, waiting);
    socket.once("close", endAll);
  }
  if (waiting.size > MOST_AHEAD) socket.destroy();
  return !socket.destroyed;
}

function endAll(this: Socket): void {
  for (const response of queued.get(this) ?? []) {
    if (response.socket !== null) continue; // it has its turn by now, and is told
    response.destroy();
    response.emit("close");
  }
}
