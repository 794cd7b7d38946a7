/**
 * Which user of this machine is at the other end of a loopback connection, where the system tells.
 *
 * Linux lists every TCP socket with its owner in `/proc/net/tcp`; elsewhere the answer is `unknown`. A connection from
 * another network namespace is not listed and counts as another user.
 */
import { readFile } from "node:fs/promises";
import { isIPv4, type Socket } from "node:net";
import { endianness } from "node:os";

export type Peer = "same-user" | "other-user" | "unknown";

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
const ESTABLISHED = "01";
const MAPPED = /^::ffff:/i;

/** One end of a connection. */
export interface End {
  /** As Node writes it: `127.0.0.1`, `::1`, `::ffff:127.0.0.1`. */
  readonly address: string;
  readonly port: number;
}

export async function peerOf(socket: Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">): Promise<Peer> {
  const { remoteAddress, remotePort = 0, localAddress = "", localPort = 0 } = socket;
  if (remoteAddress === undefined || !isLoopback(remoteAddress)) return "other-user";
  const own = process.getuid?.();
  if (process.platform !== "linux" || own === undefined) return "unknown";

  const tables = await Promise.all(TABLES.map((path) => readFile(path, "utf8").catch(() => undefined)));
  if (tables.every((table) => table === undefined)) return "unknown";
  const theirs = { address: remoteAddress, port: remotePort };
  const ours = { address: localAddress, port: localPort };
  const uid = tables.map((table) => ownerIn(table ?? "", theirs, ours)).find((found) => found !== undefined);
  return uid === own ? "same-user" : "other-user";
}

export function isLoopback(address: string): boolean {
  const plain = address.replace(MAPPED, "");
  return plain === "::1" || plain.startsWith("127.");
}

/**
 * The owner of the established socket that goes from `from` to `to`, by a table of the kernel. One that its program has
 * closed counts for nobody: the kernel lists it as root's.
 */
export function ownerIn(table: string, from: End, to: End, endian: "LE" | "BE" = endianness()): number | undefined {
  const [local, remote] = [inTable(from, endian), inTable(to, endian)];
  for (const line of table.split("\n").slice(1)) {
    const [, localEnd = "", remoteEnd = "", state, , , , uid] = line.trim().split(/\s+/);
    if (state === ESTABLISHED && local.includes(localEnd) && remote.includes(remoteEnd)) return Number(uid);
  }
  return undefined;
}

/**
 * How the kernel may write this end: words of 32 bits, each in the machine's byte order, and the port. An IPv4 connection
 * stands in the table of IPv6 when the socket was made for that. None for what is no loopback address.
 */
function inTable({ address, port }: End, endian: "LE" | "BE"): readonly string[] {
  const suffix = `:${hex(port, 4)}`;
  const word = (bytes: readonly number[]) => (endian === "LE" ? bytes.toReversed() : bytes).map((byte) => hex(byte, 2)).join("");
  const zero = "0".repeat(16);
  if (address === "::1") return [`${zero}${word([0, 0, 0, 0])}${word([0, 0, 0, 1])}${suffix}`];
  const plain = address.replace(MAPPED, "");
  if (!isIPv4(plain)) return [];
  const four = word(plain.split(".").map(Number));
  return [`${four}${suffix}`, `${zero}${word([0, 0, 0xff, 0xff])}${four}${suffix}`];
}

const hex = (number: number, digits: number): string => number.toString(16).toUpperCase().padStart(digits, "0");
