/**
 * Whether a process of this system is a sidecar, as the system itself shows it: what may be named to a person as the
 * process to end. A pid alone says nothing, it may have been given again.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";

/** `undefined` where the system does not show the command lines of processes. */
export type Seen = boolean | undefined;

/** Whether the process runs `signalbox sidecar`. One that has ended and waits for its parent runs nothing. */
export async function isSidecar(pid: number): Promise<Seen> {
  if (process.platform !== "linux") return undefined;
  const [program = "", ...args] = (await textOf(`/proc/${pid}/cmdline`)).split("\0");
  if (!/^(?:node|bun|deno)/.test(basename(program)) && basename(program) !== basename(process.execPath)) return false;
  return args.some((arg, index) => isLauncher(arg, "mpac-mcp-sidecar") || (isLauncher(arg, "signalbox") && args[index + 1] === "sidecar"));
}

/** Whether the process runs `signalbox sidecar` and it is the one that listens on the port. */
export async function isSidecarOn(pid: number, port: number): Promise<Seen> {
  const seen = await isSidecar(pid);
  return seen === true ? listensOn(pid, port) : seen;
}

/** A launcher stands there by its path: a word that reads the same is an argument of something else. */
function isLauncher(arg: string, name: string): boolean {
  return arg.includes("/") && basename(arg).replace(/\.[cm]?[jt]s$/, "") === name;
}

/** A listening socket in the kernel's table: the local port in hexadecimal, state 0A, and after the queues, timers and the user the inode. */
const LISTENING = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A(?: +\S+){5} +(\d+)/gm;

async function listensOn(pid: number, port: number): Promise<boolean> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => textOf(`/proc/${pid}/net/${name}`)));
  const sockets = new Set(
    [...tables.join("\n").matchAll(LISTENING)]
      .filter(([, at]) => Number.parseInt(at ?? "", 16) === port)
      .map(([, , inode]) => `socket:[${inode}]`),
  );
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const opened = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
  return opened.some((one) => sockets.has(one));
}

function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
