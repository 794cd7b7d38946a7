/**
 * Which user of this machine is at the other end of a loopback connection, where the system tells.
 *
 * Linux lists every TCP socket with its owner in `/proc/net/tcp`; elsewhere the answer is `unknown`. A connection from
 * another network namespace is not listed and counts as another user.
 */
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

export type Peer = "same-user" | "other-user" | "unknown";

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

export async function peerOf(socket: Pick<Socket, "remoteAddress" | "remotePort" | "localPort">): Promise<Peer> {
  const { remoteAddress, remotePort, localPort } = socket;
  if (remoteAddress === undefined || !isLoopback(remoteAddress)) return "other-user";
  const own = process.getuid?.();
  if (process.platform !== "linux" || own === undefined) return "unknown";

  const tables = await Promise.all(TABLES.map((path) => readFile(path, "utf8").catch(() => undefined)));
  if (tables.every((table) => table === undefined)) return "unknown";
  const uid = tables.map((table) => ownerIn(table ?? "", remotePort ?? 0, localPort ?? 0)).find((found) => found !== undefined);
  return uid === own ? "same-user" : "other-user";
}

export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || plain.startsWith("127.");
}

/** The owner of the socket that goes from port `from` to port `to`, by a table of the kernel. */
export function ownerIn(table: string, from: number, to: number): number | undefined {
  const [local, remote] = [hexPort(from), hexPort(to)];
  for (const line of table.split("\n").slice(1)) {
    const [, localAddress, remoteAddress, , , , , uid] = line.trim().split(/\s+/);
    if (localAddress?.endsWith(local) === true && remoteAddress?.endsWith(remote) === true) return Number(uid);
  }
  return undefined;
}

const hexPort = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
