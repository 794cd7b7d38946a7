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
/** Both ends, state 01, and after the queues, timers and retransmissions the user. */
const ESTABLISHED = /^ *\d+: ([0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4}) 01(?: +\S+){3} +(\d+)/gm;
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

  const sockets = await lookFromNow();
  const theirs = { address: remoteAddress, port: remotePort };
  const ours = { address: localAddress, port: localPort };
  // A system that does not even show our own end tells nothing; where it does, theirs is missing for being out of our sight.
  if (ownerOf(sockets, ours, theirs) === undefined) return "unknown";
  return ownerOf(sockets, theirs, ours) === own ? "same-user" : "other-user";
}

/** Owners of established connections, by both ends as the kernel writes them. */
export type Sockets = ReadonlyMap<string, number>;

let reading: Promise<Sockets> | undefined;
let nextReading: Promise<Sockets> | undefined;

/** A look that begins now or later: whoever asks in the meantime shares it, because each lists every socket of the machine. */
function lookFromNow(): Promise<Sockets> {
  nextReading ??= (reading ?? Promise.resolve()).then(() => {
    const own = (reading = nextReading);
    nextReading = undefined;
    return readSockets().finally(() => {
      if (reading === own) reading = undefined;
    });
  });
  return nextReading;
}

async function readSockets(): Promise<Sockets> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, "utf8").catch(() => "")));
  return socketsIn(tables.join("\n"));
}

export function isLoopback(address: string): boolean {
  const plain = address.replace(MAPPED, "");
  return plain === "::1" || plain.startsWith("127.");
}

/** What the kernel's tables list. One that its program has closed counts for nobody: the kernel lists it as root's. */
export function socketsIn(table: string): Sockets {
  const sockets = new Map<string, number>();
  for (const [, ends = "", uid] of table.matchAll(ESTABLISHED)) sockets.set(ends, Number(uid));
  return sockets;
}

/** The owner of the socket that goes from `from` to `to`. */
export function ownerOf(sockets: Sockets, from: End, to: End, endian: "LE" | "BE" = endianness()): number | undefined {
  for (const local of inTable(from, endian)) {
    for (const remote of inTable(to, endian)) {
      const owner = sockets.get(`${local} ${remote}`);
      if (owner !== undefined) return owner;
    }
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
