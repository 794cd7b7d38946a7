/**
 * Whether the sidecar of a store runs: what every command asks first. None is ever started here.
 */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { findSidecar, type FoundSidecar, type StoreOf } from "../bridge/find-sidecar.ts";
import { bootId } from "../git/boot-id.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { errnoOf } from "../git/errno.ts";
import type { Discovery } from "../wire/discovery.ts";

/** Milliseconds that a connection on this machine may take. */
const CONNECT_MS = 1_000;

export type Running =
  | { readonly kind: "running"; readonly sidecar: FoundSidecar; readonly discovery: Discovery | undefined }
  /** A process listens where the sidecar said it would, and does not answer: nobody can tell. */
  | { readonly kind: "silent"; readonly discovery: Discovery }
  | { readonly kind: "none" };

/** `discovery` is that of the sidecar that answers, and not what another one left behind. */
export async function findRunning(store: StoreOf, env: NodeJS.ProcessEnv): Promise<Running> {
  const sidecar = await findSidecar(store, env);
  const left = await readDiscovery(store, env);
  if (sidecar !== undefined) {
    const isIts = left?.pid === sidecar.health.pid && left.boot_id === sidecar.health.boot_id;
    return { kind: "running", sidecar, discovery: isIts ? left : undefined };
  }
  if (left === undefined || left.boot_id !== (await bootId()) || !(await isAlive(left.pid))) return { kind: "none" };
  return (await isListening(left.host, left.port)) ? { kind: "silent", discovery: left } : { kind: "none" };
}

/** Whether somebody takes connections there. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const answer = (listens: boolean) => () => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", answer(true)).once("timeout", answer(true)).once("error", answer(false));
  });
}

/** Whether a process of that id runs; asked without doing anything to it. One that has ended and waits for its parent does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return errnoOf(cause) === "EPERM";
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""); // Linux; elsewhere the first answer stands
  return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}
