/**
 * Whether what was sent last over a connection was read: a system that has bytes for a program that is gone resets the connection,
 * and does so for those that were on their way as well.
 */
import type { Socket } from "node:net";

/** How long a client that has not read yet may do something else, in milliseconds. */
const PATIENCE_MS = 10_000;

const NOTHING = Buffer.alloc(0);

interface Sent {
  /** Of the connection when it was sent. */
  readonly bytesRead: number;
  readonly untilMs: number;
  readonly tell: () => void;
}

/** What went out over each connection last, until something more is asked over it. */
const lastSent = new WeakMap<Socket, readonly Sent[]>();

/** Tells when it was not. Whoever has asked for something more has read what came before. */
export function whenUnread(socket: Socket, tell: () => void): void {
  const { bytesRead } = socket;
  const standing = lastSent.get(socket);
  const before = standing?.filter((sent) => sent.bytesRead === bytesRead) ?? [];
  lastSent.set(socket, [...before, { bytesRead, untilMs: performance.now() + PATIENCE_MS, tell }]);
  if (socket.closed) return judge.call(socket);
  if (standing !== undefined) return;
  socket.prependOnceListener("end", probe);
  socket.once("close", judge);
}

/**
 * Who closed before the answer came, and was not yet seen to have, looks like somebody who closes behind it. To write to that one
 * is an error, even if it is nothing.
 */
function probe(this: Socket): void {
  if (lastSent.get(this)?.at(-1)?.bytesRead === this.bytesRead) this.write(NOTHING, () => undefined);
}

function judge(this: Socket): void {
  if (this.errored === null) return;
  for (const { bytesRead, untilMs, tell } of lastSent.get(this) ?? []) {
    if (bytesRead === this.bytesRead && performance.now() < untilMs) tell();
  }
}
