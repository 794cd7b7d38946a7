/**
 * Responses that wait for their turn on a connection, behind that of a request which was sent before theirs. When the connection
 * is gone, Node says so to the one whose turn it is: without this, what the others stand for would go on, some of it for ever.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const queued = new WeakMap<Socket, Set<ServerResponse>>();

/** A response whose turn it is needs nothing of this. */
export function endWithConnection(response: ServerResponse): void {
  if (response.socket !== null) return;
  const { socket } = response.req;
  const standing = queued.get(socket);
  const waiting = standing ?? new Set();
  waiting.add(response);
  response.once("close", () => waiting.delete(response));
  if (standing !== undefined) return;
  queued.set(socket, waiting);
  socket.once("close", endAll);
}

function endAll(this: Socket): void {
  for (const response of queued.get(this) ?? []) {
    if (response.socket !== null) continue; // it has its turn by now, and is told
    response.destroy();
    response.emit("close");
  }
}
