/**
 * Whether what was sent last over a connection was read: a system that has bytes for a program that is gone resets the connection,
 * and does so for those that were on their way as well.
 */
import type { Socket } from "node:net";

/** How long a client that has not read yet may do something else, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Tells when it was not. Whoever has asked for something more has read what came before. */
export function whenUnread(socket: Socket, tell: () => void): void {
  const { bytesRead } = socket;
  const end = (): void => {
    clearTimeout(timer);
    socket.off("close", end);
    if (socket.errored !== null && socket.bytesRead === bytesRead) tell();
  };
  const timer = setTimeout(() => socket.off("close", end), PATIENCE_MS);
  timer.unref();
  if (socket.closed) end();
  else socket.once("close", end);
}
