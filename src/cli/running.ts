/**
 * Whether the sidecar of a store runs: what every command asks first. None is ever started here.
 *
 * A process is the sidecar when it answers with the store's id, and is named by the pid that it answers with. A pid from
 * a file that was left is named only where the system shows that a sidecar has it, because people end what is named.
 */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { findSidecar, type FoundSidecar, type StoreOf } from "../bridge/find-sidecar.ts";
import { askHealth } from "../client/health.ts";
import { bootId } from "../git/boot-id.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { errnoOf } from "../git/errno.ts";
import { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { ownerElsewhere } from "../git/owner-file.ts";
import type { Discovery } from "../wire/discovery.ts";
import { isSidecarOn } from "./sidecar-process.ts";

/** Milliseconds that a connection on this machine may take. */
const CONNECT_MS = 1_000;

export type Running =
  | { readonly kind: "running"; readonly sidecar: FoundSidecar; readonly discovery: Discovery | undefined }
  | Silent
  | { readonly kind: "none" };

/** Something listens where the sidecar said it would, and does not answer as one: nobody can tell. */
export interface Silent {
  readonly kind: "silent";
  /** What it had left. */
  readonly discovery: Discovery;
  /** The sidecar that left the file, if it still is that: `seen` when the system shows it, and not where no system tells. */
  readonly suspect?: { readonly pid: number; readonly seen: boolean };
}

/**
 * `discovery` is that of the sidecar that answers, and not what another one left behind.
 *
 * @throws OwnedElsewhere when none answers here and one of another container or machine has the store
 */
export async function findRunning(store: StoreOf, env: NodeJS.ProcessEnv): Promise<Running> {
  const running = await lookAround(store, env);
  const owner = running.kind === "none" ? await ownerElsewhere(store.folder) : undefined;
  if (owner !== undefined) throw new OwnedElsewhere(owner);
  return running;
}

async function lookAround(store: StoreOf, env: NodeJS.ProcessEnv): Promise<Running> {
  const sidecar = await findSidecar(store, env);
  const left = await readDiscovery(store, env);
  if (sidecar !== undefined) {
    const isIts = left?.pid === sidecar.health.pid && left.boot_id === sidecar.health.boot_id;
    return { kind: "running", sidecar, discovery: isIts ? left : undefined };
  }
  if (left === undefined || left.boot_id !== (await bootId()) || !(await isAlive(left.pid))) return { kind: "none" };
  const { host, pid, port } = left;
  if (!(await isListening(host, port))) return { kind: "none" };
  if ((await askHealth(host, port)) !== undefined) return { kind: "none" }; // it is another workspace's
  const seen = await isSidecarOn(pid, port);
  return { kind: "silent", discovery: left, ...(seen === false ? {} : { suspect: { pid, seen: seen === true } }) };
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
